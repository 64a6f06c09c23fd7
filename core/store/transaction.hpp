// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"

struct sqlite3;
struct pg_conn;
struct pg_result;

namespace dovetail::store {

namespace detail {
class Session;
} // namespace detail

enum class Dialect : std::uint8_t { sqlite, postgresql };
[[nodiscard]] std::string_view to_string(Dialect dialect) noexcept;

/// What a file of this module keeps with a database connection, e.g. its prepared statements. Destroyed before the connection is
/// closed, on the thread that closes it; a connection is used by one thread at a time.
class ConnectionAttachment {
public:
  ConnectionAttachment() = default;
  ConnectionAttachment(const ConnectionAttachment&) = delete;
  ConnectionAttachment& operator=(const ConnectionAttachment&) = delete;
  ConnectionAttachment(ConnectionAttachment&&) = delete;
  ConnectionAttachment& operator=(ConnectionAttachment&&) = delete;
  virtual ~ConnectionAttachment() = default;
};

/// A running transaction that only reads: one consistent state in SQLite, one per statement in PostgreSQL (read committed).
/// Belongs to the function that Database handed it to, on that function's thread, and dies with its call.
class ReadSession {
public:
  ReadSession(detail::Session& session, TenantId tenant) : session_(session), tenant_(tenant) {}
  ReadSession(const ReadSession&) = delete;
  ReadSession& operator=(const ReadSession&) = delete;
  ReadSession(ReadSession&&) = delete;
  ReadSession& operator=(ReadSession&&) = delete;
  ~ReadSession() = default;

  [[nodiscard]] Dialect dialect() const noexcept;
  /// Whose rows this transaction is for; not valid() in the operator's and the owner's transactions.
  [[nodiscard]] TenantId tenant() const noexcept { return tenant_; }

  /// The driver's own handle, for the files of this module that go below Poco::Data; nullptr under the other dialect. Whoever
  /// uses it begins and ends no transaction with it.
  [[nodiscard]] ::sqlite3* sqlite() const noexcept;
  [[nodiscard]] ::pg_conn* postgresql() const noexcept;

  /// The attachment under `key`, made by `make` the first time. `T` derives from ConnectionAttachment and is always the same for a key.
  template <typename T, typename Make> [[nodiscard]] T& attachment(std::string_view key, Make&& make) {
    if (ConnectionAttachment* found = find_attachment(key)) {
      return static_cast<T&>(*found);
    }
    std::unique_ptr<T> made = std::forward<Make>(make)();
    T& result = *made;
    keep_attachment(key, std::move(made));
    return result;
  }

  /// This module's way to Poco::Data (session.hpp).
  [[nodiscard]] detail::Session& session() noexcept { return session_; }

private:
  [[nodiscard]] ConnectionAttachment* find_attachment(std::string_view key) const noexcept;
  void keep_attachment(std::string_view key, std::unique_ptr<ConnectionAttachment> attachment);

  detail::Session& session_;
  TenantId tenant_;
};

/// A running transaction that may write. Committed when its function returns success, rolled back when that returns an Error or
/// throws.
class Transaction : public ReadSession {
public:
  using ReadSession::ReadSession;

  /// Runs `work`; when it fails, what it wrote is undone and the transaction goes on as if it had not begun. Returns work's
  /// Status, or the failure to undo: then nothing of the transaction can be saved.
  [[nodiscard]] Status savepoint(const std::function<Status()>& work);
};

/// What the driver's last failure on this connection means: `what` says what was being done. Codes: already_exists (a unique key),
/// failed_precondition (another constraint), aborted with RetryClass::transient (busy, deadlock, serialization: Database runs the
/// transaction again), unavailable, resource_exhausted (disk full), permission_denied, data_loss (corrupt file), internal. The
/// message holds no values of rows.
[[nodiscard]] Error sqlite_error(::sqlite3* handle, std::string_view what);
/// The same for a result; nullptr stands for a lost connection or no memory.
[[nodiscard]] Error postgresql_error(::pg_conn* connection, const ::pg_result* result, std::string_view what);

} // namespace dovetail::store
