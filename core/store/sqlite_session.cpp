// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <string>
#include <utility>

#include <Poco/Data/SQLite/SessionImpl.h>
#include <Poco/Data/SQLite/Utility.h>
#include <Poco/Exception.h>
#include <sqlite3.h>

#include "core/store/session.hpp"
#include "core/store/sqlite_log_vfs.hpp"

namespace dovetail::store {

Error sqlite_error(::sqlite3* handle, std::string_view what) {
  const int code = sqlite3_extended_errcode(handle);
  const std::string message = std::string(what) + ": " + sqlite3_errmsg(handle);
  Error error = internal(message);
  switch (code & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return aborted(message + " (another process holds the database)");
  case SQLITE_CONSTRAINT:
    return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID
               ? already_exists(message)
               : failed_precondition(message);
  case SQLITE_FULL:
    return resource_exhausted(message + ": free some space on the disk of the database");
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return data_loss(message + ": the file is damaged or no SQLite database; restore it from a backup");
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH:
    return permission_denied(message);
  case SQLITE_CANTOPEN:
  case SQLITE_IOERR:
    return unavailable(message + ": look at the disk and the permissions of the database's folder");
  case SQLITE_NOMEM:
  case SQLITE_TOOBIG:
    return resource_exhausted(message);
  default:
    return error;
  }
}

namespace detail {
namespace {

class SqliteSession final : public Session {
public:
  SqliteSession(Poco::Data::Session poco, ::sqlite3* handle)
      : Session(Dialect::sqlite, std::move(poco)), handle_(handle) {}
  SqliteSession(const SqliteSession&) = delete;
  SqliteSession& operator=(const SqliteSession&) = delete;
  SqliteSession(SqliteSession&&) = delete;
  SqliteSession& operator=(SqliteSession&&) = delete;
  ~SqliteSession() override { drop_attachments(); }

  [[nodiscard]] ::sqlite3* sqlite() const noexcept override { return handle_; }
  [[nodiscard]] bool connected() const noexcept override { return true; }

  [[nodiscard]] Status execute(const char* script, std::string_view what) override {
    if (sqlite3_exec(handle_, script, nullptr, nullptr, nullptr) != SQLITE_OK) {
      return sqlite_error(handle_, what);
    }
    return {};
  }

  [[nodiscard]] Error translate(const std::exception& exception, std::string_view what) override {
    if ((sqlite3_errcode(handle_) & 0xff) != SQLITE_OK) {
      return sqlite_error(handle_, what);
    }
    return internal(std::string(what) + ": " + exception.what());
  }

private:
  ::sqlite3* handle_;
};

/// A path as an SQLite URI, whose syntax takes '?', '#' and '%' for itself (sqlite.org/uri.html).
std::string file_uri(const std::string& path, SqliteMode mode) {
  std::string uri = "file:";
  for (const char byte : path) {
    switch (byte) {
    case '?':
      uri += "%3f";
      break;
    case '#':
      uri += "%23";
      break;
    case '%':
      uri += "%25";
      break;
    default:
      uri += byte;
    }
  }
  if (mode == SqliteMode::read) {
    return uri + "?mode=ro";
  }
  uri += "?mode=rw";
  if (const char* const vfs = sqlite_log_vfs()) {
    uri += std::string("&vfs=") + vfs;
  }
  return uri;
}

// synchronous=FULL makes each commit reach the disk before it is acknowledged. The writer alone checkpoints, also when it
// closes: 3.40.1 can lose a transaction when two connections reset the log at once (fixed in 3.51.3), so readers never do.
// More than 6 MiB of cache brought nothing measurable: what a page changes is spread over all of an index.
// For the same reason the log grows to 64 MiB before it is checkpointed: the same pages of the database are written again each time.
constexpr const char* writer_settings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -6144;"
    "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
    "PRAGMA wal_autocheckpoint = 16000; PRAGMA journal_size_limit = 67108864;";
constexpr const char* reader_settings = "PRAGMA query_only = ON; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;"
                                        "PRAGMA wal_autocheckpoint = 0;";
constexpr int busy_timeout_ms = 10'000;

/// What a statement of the writer needs while it runs, the record of a row above all, is taken from these slots instead of the heap.
constexpr int lookaside_bytes = 4096;
constexpr int lookaside_slots = 128;

/// A connection is used by one thread at a time (SqliteEngine), so SQLite needs no mutex of its own on it, nor one around each allocation for
/// statistics that nobody reads. It takes these settings only before anything else used it in this process; otherwise it stays as it was, which
/// costs time alone.
void configure_library() {
  static const bool once = [] {
    static_cast<void>(sqlite3_config(SQLITE_CONFIG_MULTITHREAD));  // NOLINT(*-vararg): the library's own interface
    static_cast<void>(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0)); // NOLINT(*-vararg)
    return true;
  }();
  static_cast<void>(once);
}

} // namespace

Result<std::unique_ptr<Session>> open_sqlite(const std::string& path, SqliteMode mode) {
  configure_library();
  const std::string what = "opening the database " + path;
  try {
    Poco::Data::Session poco(Poco::Data::SessionImpl::Ptr(new Poco::Data::SQLite::SessionImpl(file_uri(path, mode))));
    ::sqlite3* handle = Poco::Data::SQLite::Utility::dbHandle(poco);
    auto session = std::make_unique<SqliteSession>(std::move(poco), handle);
    sqlite3_busy_timeout(handle, busy_timeout_ms);
    if (mode == SqliteMode::write) {
      // Refused when the connection has used some already, which costs time alone.
      static_cast<void>(
          sqlite3_db_config(handle, SQLITE_DBCONFIG_LOOKASIDE, nullptr, lookaside_bytes, lookaside_slots));
    }
    if (mode == SqliteMode::read) {
      sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
    DOVETAIL_TRY_STATUS(session->execute(mode == SqliteMode::write ? writer_settings : reader_settings, what));
    return std::unique_ptr<Session>(std::move(session));
  } catch (const Poco::Exception& exception) {
    return unavailable(what + ": " + exception.displayText());
  }
}

} // namespace detail
} // namespace dovetail::store
