// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <Poco/Data/Session.h>

#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/store/transaction.hpp"

namespace dovetail::store::detail {

/// One connection to the database: the Poco session, the driver's handle under it, and what files of this module keep with it. Used
/// by one thread at a time. Private to core/store.
class Session {
public:
  Session(Dialect dialect, Poco::Data::Session poco) : dialect_(dialect), poco_(std::move(poco)) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  Session(Session&&) = delete;
  Session& operator=(Session&&) = delete;
  virtual ~Session() = default;

  [[nodiscard]] Dialect dialect() const noexcept { return dialect_; }
  [[nodiscard]] Poco::Data::Session& poco() noexcept { return poco_; }
  [[nodiscard]] virtual ::sqlite3* sqlite() const noexcept { return nullptr; }
  [[nodiscard]] virtual ::pg_conn* postgresql() const noexcept { return nullptr; }

  /// Runs the statements of `script` one after the other, without parameters; `what` says what is being done, for the Error.
  [[nodiscard]] virtual Status execute(const char* script, std::string_view what) = 0;
  /// What an exception of Poco::Data on this connection means (see sqlite_error).
  [[nodiscard]] virtual Error translate(const std::exception& exception, std::string_view what) = 0;
  /// False once the connection is lost and no transaction can go on with it.
  [[nodiscard]] virtual bool connected() const noexcept = 0;

  /// A tenant's transaction that has been promised and not begun: what is sent first begins it, and so saves the round trip that BEGIN alone
  /// would cost. PostgresPipeline sends it along; execute() and Query run it before their own statement.
  struct PendingBegin {
    TenantId tenant;
    bool write;
  };
  void begin_later(PendingBegin begin) noexcept { pending_begin_ = begin; }
  [[nodiscard]] const std::optional<PendingBegin>& pending_begin() const noexcept { return pending_begin_; }
  /// To be called when the server says that a transaction runs, or when none is wanted any more.
  void drop_pending_begin() noexcept { pending_begin_.reset(); }
  /// Begins what was promised; nothing when nothing was.
  [[nodiscard]] virtual Status begin_now() { return {}; }

  [[nodiscard]] ConnectionAttachment* find_attachment(std::string_view key) const noexcept;
  void keep_attachment(std::string_view key, std::unique_ptr<ConnectionAttachment> attachment);

protected:
  /// To be called first in the destructor of a class whose handle attachments use.
  void drop_attachments() noexcept { attachments_.clear(); }

private:
  Dialect dialect_;
  Poco::Data::Session poco_;
  std::optional<PendingBegin> pending_begin_;
  // Behind poco_, so that they go before the connection does.
  std::map<std::string, std::unique_ptr<ConnectionAttachment>, std::less<>> attachments_;
};

enum class SqliteMode : std::uint8_t { write, read };
/// Opens a connection to an existing file.
[[nodiscard]] Result<std::unique_ptr<Session>> open_sqlite(const std::string& path, SqliteMode mode);

/// How to reach a PostgreSQL database, taken from a URL.
struct PostgresqlTarget {
  Secret connection_string; ///< as Poco takes it
  Secret password;          ///< blanked in the server's messages
  std::string description;  ///< without password and parameters
};
/// Errors: invalid_argument; the message never repeats the URL.
[[nodiscard]] Result<PostgresqlTarget> parse_postgresql_url(std::string_view url);
/// Connects; unavailable or unauthenticated when that fails.
[[nodiscard]] Result<std::unique_ptr<Session>> open_postgresql(const PostgresqlTarget& target);

/// Runs a script with nothing to bind through libpq.
[[nodiscard]] Status execute_postgresql(::pg_conn* connection, const char* script, std::string_view what);

} // namespace dovetail::store::detail
