// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cctype>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <Poco/Data/PostgreSQL/SessionImpl.h>
#include <Poco/Exception.h>
#include <libpq-fe.h>

#include "core/store/session.hpp"

namespace dovetail::store {
namespace {

/// An Error from an SQLSTATE (PostgreSQL's documentation, appendix A) and the server's primary message.
Error from_sqlstate(std::string_view state, std::string_view message, std::string_view what) {
  const std::string text = std::string(what) + ": " + std::string(message);
  const std::string_view category = state.substr(0, 2);
  Error error = internal(text + " (SQLSTATE " + std::string(state) + ")");
  if (state == "40001" || state == "40P01" || state == "55P03") {
    error.code = ErrorCode::aborted;
    error.retry = RetryClass::transient;
  } else if (state == "23505") {
    error.code = ErrorCode::already_exists;
  } else if (category == "23") {
    error.code = ErrorCode::failed_precondition;
  } else if (category == "22") {
    // The messages of this class repeat the value.
    error =
        invalid_argument(std::string(what) + ": a value does not fit its column (SQLSTATE " + std::string(state) + ")");
  } else if (state == "42501") {
    error.code = ErrorCode::permission_denied;
  } else if (category == "53") {
    error.code = ErrorCode::resource_exhausted;
  } else if (category == "28") {
    error.code = ErrorCode::unauthenticated;
  } else if (category == "08" || category == "57") {
    error.code = ErrorCode::unavailable;
    error.retry = RetryClass::transient;
  }
  return error;
}

Error connection_lost(std::string_view what) {
  return unavailable(std::string(what) + ": the connection to the database was lost");
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

} // namespace

Error postgresql_error(::pg_conn* connection, const ::pg_result* result, std::string_view what) {
  const char* state = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  const char* message = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
  if (PQstatus(connection) == CONNECTION_BAD) {
    return connection_lost(what);
  }
  if (state == nullptr || message == nullptr) {
    return internal(std::string(what) + ": " + first_line(PQerrorMessage(connection)));
  }
  return from_sqlstate(state, message, what);
}

namespace detail {
namespace {

using PgResult = std::unique_ptr<PGresult, decltype(&PQclear)>;

using Poco::Data::PostgreSQL::SessionHandle;

/// Where Poco keeps the connection. Poco frees one only while it is up, so each lost one would leak some 35 KiB, for ever while a
/// server is away. The member is private; to name it in an explicit instantiation is allowed (C++20 [temp.spec.general]/6).
PGconn*& connection_of(SessionHandle& handle);
template <auto member> struct ConnectionMember {
  friend PGconn*& connection_of(SessionHandle& handle) { return handle.*member; }
};
template struct ConnectionMember<&SessionHandle::_pConnection>;

class PostgresqlSession final : public Session {
public:
  PostgresqlSession(Poco::Data::Session poco, SessionHandle& handle)
      : Session(Dialect::postgresql, std::move(poco)), handle_(handle), connection_(connection_of(handle)) {}
  PostgresqlSession(const PostgresqlSession&) = delete;
  PostgresqlSession& operator=(const PostgresqlSession&) = delete;
  PostgresqlSession(PostgresqlSession&&) = delete;
  PostgresqlSession& operator=(PostgresqlSession&&) = delete;
  ~PostgresqlSession() override {
    drop_attachments();
    if (!connected()) {
      PQfinish(std::exchange(connection_of(handle_), nullptr));
    }
  }

  [[nodiscard]] ::pg_conn* postgresql() const noexcept override { return connection_; }
  [[nodiscard]] bool connected() const noexcept override { return PQstatus(connection_) == CONNECTION_OK; }

  [[nodiscard]] Status execute(const char* script, std::string_view what) override {
    DOVETAIL_TRY_STATUS(begin_now());
    return execute_postgresql(connection_, script, what);
  }

  [[nodiscard]] Status begin_now() override {
    if (!pending_begin()) {
      return {};
    }
    // SET takes no parameters. The number is ours and cannot be anything else; one round trip instead of two.
    std::string script = pending_begin()->write ? "BEGIN" : "BEGIN READ ONLY";
    script += "; SET LOCAL ROLE dovetail_runtime; SET LOCAL dovetail.tenant_id = ";
    script += std::to_string(pending_begin()->tenant.value);
    Status begun = execute_postgresql(connection_, script.c_str(), "beginning a transaction");
    if (PQtransactionStatus(connection_) != PQTRANS_IDLE) {
      drop_pending_begin(); // it runs, or has failed, and is to be ended in any case
    }
    return begun;
  }

  [[nodiscard]] Error translate(const std::exception& exception, std::string_view what) override {
    if (!connected()) {
      return connection_lost(what);
    }
    // Poco keeps the server's message only as text. The verbose form that open_postgresql asks for begins with
    // "ERROR:  23505: message".
    const auto* poco = dynamic_cast<const Poco::Exception*>(&exception);
    const std::string text = poco != nullptr ? poco->message() : std::string(exception.what());
    const std::string line = first_line(text);
    constexpr std::string_view mark = "ERROR:  ";
    constexpr std::size_t state_length = 5;
    const std::size_t at = line.find(mark);
    if (at == std::string::npos || line.size() < at + mark.size() + state_length + 2) {
      return internal(std::string(what) + ": " + line);
    }
    const std::string_view rest = std::string_view(line).substr(at + mark.size());
    return from_sqlstate(rest.substr(0, state_length), rest.substr(state_length + 2), what);
  }

private:
  SessionHandle& handle_; ///< of the Poco session
  PGconn* connection_;
};

bool is_space(char byte) { return std::isspace(static_cast<unsigned char>(byte)) != 0; }

/// `key=value` with libpq's escapes. Poco cuts connection strings at spaces before libpq sees quotes, so values cannot have any.
Status append_option(std::string& out, std::string_view key, std::string_view value) {
  for (const char byte : value) {
    if (is_space(byte)) {
      return invalid_argument(
          "the database URL's " + std::string(key) +
          " contains white space, which cannot be handed to the driver: choose a value without, or "
          "(for a password) leave it out and use a password file, see PGPASSFILE in libpq's documentation");
    }
  }
  if (!out.empty()) {
    out += ' ';
  }
  out += key;
  out += '=';
  for (const char byte : value) {
    if (byte == '\\' || byte == '\'') {
      out += '\\';
    }
    out += byte;
  }
  return {};
}

/// libpq tells why a connection failed in words only. Those that no waiting heals are told apart where they are recognised.
Error refused_connection(std::string message) {
  for (const std::string_view words : {"authentication failed", "no password supplied", "no pg_hba.conf entry"}) {
    if (message.find(words) != std::string::npos) {
      return unauthenticated(message + " (check user and password of the database's URL)");
    }
  }
  return message.find("does not exist") != std::string::npos ? not_found(std::move(message))
                                                             : unavailable(std::move(message));
}

std::string without(std::string text, const Secret& secret) {
  if (!secret.empty()) {
    for (std::size_t at = text.find(secret.reveal()); at != std::string::npos; at = text.find(secret.reveal(), at)) {
      text.replace(at, secret.size(), "[redacted]");
      at += std::string_view("[redacted]").size();
    }
  }
  return text;
}

// Instants go in and out as UTC in ISO form; statements that wait for a lock give up, so that a stuck process cannot hold up the
// others for ever; a client that died in a transaction is cut off.
constexpr const char* session_settings =
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET client_encoding = 'UTF8'; SET standard_conforming_strings = "
    "on;"
    "SET bytea_output = 'hex'; SET client_min_messages = warning; SET lock_timeout = '15s';"
    "SET idle_in_transaction_session_timeout = '5min'; SET extra_float_digits = 1";

} // namespace

Status execute_postgresql(::pg_conn* connection, const char* script, std::string_view what) {
  const PgResult result(PQexec(connection, script), &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    return postgresql_error(connection, result.get(), what);
  }
  return {};
}

Result<PostgresqlTarget> parse_postgresql_url(std::string_view url) {
  char* complaint = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(std::string(url).c_str(), &complaint), &PQconninfoFree);
  if (complaint != nullptr) {
    PQfreemem(complaint); // it repeats parts of the URL, the password perhaps
  }
  if (options == nullptr) {
    return invalid_argument(
        "the database URL cannot be read: write it as postgresql://user@host:port/database, special "
        "characters as %XX");
  }
  PostgresqlTarget target;
  std::string connection_string;
  std::string user;
  std::string host = "localhost";
  std::string port;
  std::string database;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') {
      continue;
    }
    const std::string_view key = option->keyword;
    DOVETAIL_TRY_STATUS(append_option(connection_string, key, option->val));
    if (key == "password") {
      target.password = Secret(option->val);
    } else if (key == "user") {
      user = option->val;
    } else if (key == "host") {
      host = option->val;
    } else if (key == "port") {
      port = option->val;
    } else if (key == "dbname") {
      database = option->val;
    }
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> defaults = {
      {{"application_name", "dovetail"}, {"connect_timeout", "10"}, {"keepalives_idle", "30"}}};
  for (const auto& [key, value] : defaults) {
    if (connection_string.find(std::string(key) + "=") == std::string::npos) {
      DOVETAIL_TRY_STATUS(append_option(connection_string, key, value));
    }
  }
  target.connection_string = Secret(std::move(connection_string));
  target.description =
      "postgresql://" + (user.empty() ? "" : user + "@") + host + (port.empty() ? "" : ":" + port) + "/" + database;
  return target;
}

Result<std::unique_ptr<Session>> open_postgresql(const PostgresqlTarget& target) {
  const std::string what = "connecting to " + target.description;
  const std::string connection_string(target.connection_string.reveal());
  {
    // Poco would leak a connection that cannot be made (see connection_of): whether it can is tried without it.
    const std::unique_ptr<PGconn, decltype(&PQfinish)> trial(PQconnectdb(connection_string.c_str()), &PQfinish);
    if (PQstatus(trial.get()) != CONNECTION_OK) {
      return refused_connection(without(what + ": " + first_line(PQerrorMessage(trial.get())), target.password));
    }
  }
  try {
    Poco::Data::Session poco(Poco::Data::SessionImpl::Ptr(new Poco::Data::PostgreSQL::SessionImpl(connection_string)));
    auto* implementation = dynamic_cast<Poco::Data::PostgreSQL::SessionImpl*>(poco.impl());
    if (implementation == nullptr) {
      return internal(what + ": the driver gave a session of another kind");
    }
    auto session = std::make_unique<PostgresqlSession>(std::move(poco), implementation->handle());
    PQsetErrorVerbosity(session->postgresql(), PQERRORS_VERBOSE);
    PQsetNoticeProcessor(
        session->postgresql(), [](void*, const char*) {}, nullptr);
    DOVETAIL_TRY_STATUS(session->execute(session_settings, what));
    return std::unique_ptr<Session>(std::move(session));
  } catch (const Poco::Exception& exception) {
    return refused_connection(without(what + ": " + first_line(exception.message()), target.password));
  }
}

} // namespace detail
} // namespace dovetail::store
