// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/base/result.hpp"
#include "core/store/migrator.hpp"
#include "core/store/transaction.hpp"

namespace dovetail::store {

namespace detail {
class Engine;
struct CommitGroup;
} // namespace detail

struct DatabaseOptions {
  /// The path of an SQLite file (made when it is missing, readable by its owner only), or a URL as libpq reads it:
  /// postgresql://user:password@host:port/database?sslmode=verify-full.
  std::string location;
  /// Brings the schema up to date while opening. Otherwise a schema that is not up to date is found by check_migrations().
  bool migrate = true;
  /// SQLite: connections that read. Beyond them a reader waits.
  std::size_t max_readers = 8;
  /// PostgreSQL: connections of this process. Beyond them a transaction waits.
  std::size_t max_sessions = 16;
  /// How long a transaction waits for a connection, or for another process that writes to the same SQLite file, before it
  /// fails with resource_exhausted.
  std::chrono::milliseconds wait_limit{15'000};
  /// How often a transaction is run before its conflict or lost connection is reported.
  std::size_t max_attempts = 8;
  /// SQLite: transactions of different threads that one disk flush may make durable together.
  std::size_t max_group_commit = 32;
};

/// Held by the one daemon that works on an SQLite file; released on destruction, also when the process dies.
class DaemonLock {
public:
  explicit DaemonLock(int descriptor) : descriptor_(descriptor) {}
  DaemonLock(const DaemonLock&) = delete;
  DaemonLock& operator=(const DaemonLock&) = delete;
  DaemonLock(DaemonLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  DaemonLock& operator=(DaemonLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~DaemonLock();

private:
  int descriptor_;
};

/// What Database::with_deferred_write() wrote and has not been told durable. Empty when nothing is outstanding. Belongs to one thread.
class DeferredCommit {
public:
  [[nodiscard]] bool outstanding() const noexcept { return group_ != nullptr; }
  /// Grows when a write finds that all before it has been committed meanwhile, with a transaction of another thread.
  [[nodiscard]] std::uint64_t overtaken() const noexcept { return overtaken_; }

private:
  friend class detail::Engine;
  std::uint64_t overtaken_ = 0;
  std::shared_ptr<detail::CommitGroup> group_; ///< shared with the engine, which ends it
};

/// A commit whose answer was lost: what it wrote may be there or not. Read it back before doing it again (design 8.3). Such an
/// Error has the code `unknown`, which this module uses for nothing else.
[[nodiscard]] bool is_unknown_commit(const Error& error) noexcept;

/// One database under either dialect. Thread-safe.
///
/// All work is a function that runs in one transaction and returns Status or Result<T>: committed on success, rolled back on an
/// Error or exception (an exception comes back as an Error with the code internal). A function may be run again from the start
/// when its transaction met a conflict or the connection was lost before its commit, so it changes nothing outside but what it
/// overwrites. It does no network I/O, calls no plugin and begins no other write (design 8.2; refused with internal).
///
/// Three kinds of transactions (TEN-1):
///  - a tenant's: PostgreSQL runs it as the role dovetail_runtime, which row-level security confines to that tenant's rows; in
///    SQLite the repositories' SQL does (each names the tenant);
///  - the operator's, for what crosses tenants: the role dovetail_operator, which sees some tables only;
///  - the owner's, for tables and their columns; one at a time across all processes.
class Database {
public:
  /// `clock` and `random` time retries; they and `logger` must outlive the database. Errors: invalid_argument (a URL that cannot be
  /// read), unavailable (no connection), permission_denied, failed_precondition (not a database of ours, one of a newer version, a
  /// changed migration, missing roles).
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(DatabaseOptions options, Clock& clock, Random& random,
                                                              Logger& logger);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  Database(Database&&) = delete;
  Database& operator=(Database&&) = delete;

  [[nodiscard]] Dialect dialect() const noexcept;
  /// Where this is, for people: the path, or the URL without password and parameters.
  [[nodiscard]] const std::string& description() const noexcept;
  /// The clock that it was opened with: what the repositories stamp rows with, except for leases on PostgreSQL.
  [[nodiscard]] Clock& clock() const noexcept;

  /// For one tenant. Errors besides the function's own: aborted (conflicts to the last attempt), unavailable, resource_exhausted,
  /// and is_unknown_commit().
  template <typename Work> [[nodiscard]] auto with_write(TenantId tenant, Work&& work) {
    return transact<Transaction>({Access::tenant, tenant, true}, std::forward<Work>(work));
  }
  template <typename Work> [[nodiscard]] auto with_read(TenantId tenant, Work&& work) {
    return transact<ReadSession>({Access::tenant, tenant, false}, std::forward<Work>(work));
  }
  /// Like with_write(), for a row of transactions that follow each other at once: where the dialect gains by it (SQLite), the commit is put off, so
  /// that several of them end with one. What was written is durable when settle() says so; until then other threads and processes see none of it.
  /// When `work` fails, all that is outstanding is rolled back with it, and settle() says so. Errors: those of with_write(); failed_precondition
  /// when an earlier commit of `commit` failed: settle() it.
  /// Nothing may wait between these calls and settle(): other processes that want to write do.
  template <typename Work>
  [[nodiscard]] auto with_deferred_write(TenantId tenant, DeferredCommit& commit, Work&& work) {
    return transact<Transaction>({Access::tenant, tenant, true, &commit}, std::forward<Work>(work));
  }
  /// Commits what is outstanding, and empties `commit`. Errors: aborted (never) when it was rolled back, is_unknown_commit(), those of a commit.
  [[nodiscard]] Status settle(DeferredCommit& commit);
  /// Across tenants.
  template <typename Work> [[nodiscard]] auto with_operator_write(Work&& work) {
    return transact<Transaction>({Access::operators, {}, true}, std::forward<Work>(work));
  }
  template <typename Work> [[nodiscard]] auto with_operator_read(Work&& work) {
    return transact<ReadSession>({Access::operators, {}, false}, std::forward<Work>(work));
  }
  /// As the owner of the tables: creates and alters them (see protect_table).
  template <typename Work> [[nodiscard]] auto with_schema_change(Work&& work) {
    return transact<Transaction>({Access::owner, {}, true}, std::forward<Work>(work));
  }

  /// Applies what is missing, one migration a transaction, under a lock that holds other processes back.
  [[nodiscard]] Result<MigrationStatus> migrate();
  /// What has been applied and what is missing; changes nothing. Errors: failed_precondition as open().
  [[nodiscard]] Result<MigrationStatus> check_migrations();

  /// SQLite: failed_precondition when another daemon works on this file, with its process id. PostgreSQL: always granted, many
  /// daemons share one database.
  [[nodiscard]] Result<DaemonLock> acquire_exclusive_daemon_lock();

private:
  enum class Access : std::uint8_t { tenant, operators, owner };
  struct Scope {
    Access access;
    TenantId tenant;
    bool write;
    DeferredCommit* deferred = nullptr;
  };
  friend class detail::Engine;

  explicit Database(std::unique_ptr<detail::Engine> engine);
  [[nodiscard]] Status run(const Scope& scope, const std::function<Status(Transaction&)>& work);

  template <typename Session, typename Work> [[nodiscard]] auto transact(const Scope& scope, Work&& work) {
    using Returned = std::invoke_result_t<Work&, Session&>;
    if constexpr (std::same_as<Returned, Status>) {
      return run(scope,
                 [&work](Transaction& transaction) -> Status { return work(static_cast<Session&>(transaction)); });
    } else {
      std::optional<typename Returned::value_type> value;
      const Status status = run(scope, [&work, &value](Transaction& transaction) -> Status {
        Returned returned = work(static_cast<Session&>(transaction));
        if (!returned.ok()) {
          return std::move(returned).error();
        }
        value = std::move(returned).value();
        return {};
      });
      return status.ok() ? Returned(std::move(*value)) : Returned(status.error());
    }
  }

  std::unique_ptr<detail::Engine> engine_;
};

/// A database and the tenant whose rows may be touched: what every tenant's repository is made from. Copied freely.
struct TenantScope {
  Database& database;
  TenantId tenant;

  template <typename Work> [[nodiscard]] auto write(Work&& work) const {
    return database.with_write(tenant, std::forward<Work>(work));
  }
  template <typename Work> [[nodiscard]] auto read(Work&& work) const {
    return database.with_read(tenant, std::forward<Work>(work));
  }
};

} // namespace dovetail::store
