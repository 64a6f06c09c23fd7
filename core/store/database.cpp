// SPDX-License-Identifier: Apache-2.0
#include "core/store/database.hpp"

#include <algorithm>
#include <exception>
#include <string_view>

#include <unistd.h>

#include "core/store/engine.hpp"

namespace dovetail::store {

DaemonLock::~DaemonLock() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

bool is_unknown_commit(const Error& error) noexcept { return error.code == ErrorCode::unknown; }

Database::Database(std::unique_ptr<detail::Engine> engine) : engine_(std::move(engine)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(DatabaseOptions options, Clock& clock, Random& random,
                                                 Logger& logger) {
  if (options.location.empty() || options.max_readers == 0 || options.max_sessions == 0 || options.max_attempts == 0 ||
      options.max_group_commit == 0) {
    return invalid_argument("a database needs a location and bounds above zero");
  }
  const bool is_url = options.location.starts_with("postgresql://") || options.location.starts_with("postgres://");
  const bool migrate = options.migrate;
  DOVETAIL_TRY(auto engine, is_url ? detail::open_postgresql_engine(std::move(options), clock, random, logger)
                                   : detail::open_sqlite_engine(std::move(options), clock, random, logger));
  std::unique_ptr<Database> database(new Database(std::move(engine)));
  if (migrate) {
    DOVETAIL_TRY([[maybe_unused]] const auto status, database->migrate());
  }
  return database;
}

Dialect Database::dialect() const noexcept { return engine_->dialect(); }
const std::string& Database::description() const noexcept { return engine_->description(); }
Clock& Database::clock() const noexcept { return engine_->clock(); }
Result<MigrationStatus> Database::migrate() { return engine_->migrate(); }
Result<MigrationStatus> Database::check_migrations() { return engine_->check_migrations(); }
Result<DaemonLock> Database::acquire_exclusive_daemon_lock() { return engine_->lock_daemon(); }

Status Database::settle(DeferredCommit& commit) { return engine_->settle(commit); }

Status Database::run(const Scope& scope, const std::function<Status(Transaction&)>& work) {
  if (scope.access == Access::tenant && !scope.tenant.valid()) {
    return invalid_argument("a tenant's transaction needs a tenant");
  }
  return engine_->run(scope, work);
}

namespace detail {

Error unknown_commit(const std::string& description) {
  Error error;
  error.code = ErrorCode::unknown;
  error.message = description + ": the answer to a commit was lost; read back what it wrote before doing it again";
  error.retry = RetryClass::transient;
  return error;
}

Status Engine::run(const Scope& scope, const Work& work) {
  if (!scope.write) {
    return run_attempts(scope, work);
  }
  // A write inside a write would wait for itself: for SQLite's one writer, for the last connection of a pool, for a row.
  const std::thread::id self = std::this_thread::get_id();
  {
    const std::scoped_lock lock(mutex_);
    if (!writing_.insert(self).second) {
      return internal("a write was begun inside a write of the same thread");
    }
  }
  Status status = run_attempts(scope, work);
  const std::scoped_lock lock(mutex_);
  writing_.erase(self);
  return status;
}

Status Engine::run_attempts(const Scope& scope, const Work& work) {
  for (std::size_t number = 1;; ++number) {
    Status status = attempt(scope, work);
    const bool again = !status.ok() && status.error().retry == RetryClass::transient &&
                       (status.error().code == ErrorCode::aborted || status.error().code == ErrorCode::unavailable);
    if (!again || number >= options_.max_attempts) {
      return status;
    }
    logger_.debug("a transaction is run again", {{"attempt", number + 1}, {"reason", status.error().message}});
    back_off(number + 1);
  }
}

Result<MigrationStatus> Engine::migrate() {
  DOVETAIL_TRY_STATUS(prepare_migrations());
  const auto known = built_in_migrations(dialect());
  // The lock is taken anew for each migration: whoever comes in between does what is next.
  std::size_t applied = 0;
  for (bool more = true; more; applied += more ? 1 : 0) {
    DOVETAIL_TRY_STATUS(run({Access::owner, {}, true}, [&](Transaction& transaction) -> Status {
      DOVETAIL_TRY(more, apply_next_migration(transaction, known, clock_.now()));
      return {};
    }));
  }
  DOVETAIL_TRY(MigrationStatus status, check_migrations());
  status.applied_now = applied;
  if (applied > 0) {
    logger_.info("the database's schema was brought up to date",
                 {{"database", description()}, {"migrations", applied}, {"version", status.applied.back().version}});
  }
  return status;
}

Result<MigrationStatus> Engine::check_migrations() {
  MigrationStatus status;
  DOVETAIL_TRY_STATUS(run({Access::owner, {}, false}, [&](Transaction& transaction) -> Status {
    DOVETAIL_TRY(status, read_migrations(transaction, built_in_migrations(dialect())));
    return {};
  }));
  return status;
}

void Engine::back_off(std::size_t next) {
  constexpr double first_ms = 5.0;
  constexpr double most_ms = 1000.0;
  const double bound = std::min(most_ms, first_ms * static_cast<double>(1U << std::min<std::size_t>(next, 16)));
  clock_.sleep_for(std::chrono::microseconds(static_cast<std::int64_t>(random_.unit() * bound * 1000.0)), {});
}

Status Engine::call(const Work& work, Transaction& transaction) noexcept {
  try {
    return work(transaction);
  } catch (const std::exception& exception) {
    return internal(std::string("an unexpected exception inside a transaction: ") + exception.what());
  } catch (...) {
    return internal("an unexpected exception inside a transaction");
  }
}

} // namespace detail
} // namespace dovetail::store
