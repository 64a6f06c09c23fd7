// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

struct pg_conn; // libpq's PGconn

namespace dovetail::testing {

struct TestPostgresOptions {
  /// Whether commits wait for the disk: off, because no test pulls the plug, and starting and copying databases is far faster.
  bool fsync = false;
};

/// A PostgreSQL server of our own: a fresh cluster in a temporary folder, on a free port of the loopback interface, with a random
/// password, run by an ordinary user (by `nobody` when the tests run as root). A guardian process stops it and removes its
/// folder as soon as this object or this program ends, however it ends. Thread-safe.
class TestPostgres {
public:
  /// Errors: failed_precondition when the server's programs are not installed; internal when it does not start.
  [[nodiscard]] static Result<std::unique_ptr<TestPostgres>> start(const TestPostgresOptions& options = {});
  /// Whether the server's programs are there; says loudly on stderr, once, when they are not.
  [[nodiscard]] static bool installed();
  /// The one of this test program, started when it is first asked for. Precondition: installed(). When it does not start, the program
  /// ends: tests that should run must not be skipped.
  [[nodiscard]] static TestPostgres& shared();

  ~TestPostgres();
  TestPostgres(const TestPostgres&) = delete;
  TestPostgres& operator=(const TestPostgres&) = delete;
  TestPostgres(TestPostgres&&) = delete;
  TestPostgres& operator=(TestPostgres&&) = delete;

  /// The superuser's URL of a database ("postgres" exists from the beginning).
  [[nodiscard]] std::string url(std::string_view database) const;
  /// A URL for another user or port (a proxy's).
  [[nodiscard]] std::string url(std::string_view database, std::string_view user, std::string_view password,
                                std::uint16_t port) const;
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const std::string& password() const noexcept { return password_; }
  /// Runs SQL as the superuser; the first column of the first row, empty when there is none.
  [[nodiscard]] Result<std::string> execute(std::string_view database, std::string_view sql) const;

  /// The same over one connection, which is made when it is first asked for and again when it was lost. For one thread at a time.
  class Session {
  public:
    Session(const TestPostgres& server, std::string_view database) : url_(server.url(database)) {}
    ~Session() { close(); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    Session(Session&&) = delete;
    Session& operator=(Session&&) = delete;
    [[nodiscard]] Result<std::string> execute(std::string_view sql);

  private:
    void close() noexcept;
    std::string url_;
    pg_conn* connection_ = nullptr;
  };

private:
  TestPostgres(int guardian, int alive, std::uint16_t port, std::string password);

  int guardian_; ///< process id
  int alive_;    ///< the pipe whose end the guardian sees
  std::uint16_t port_;
  std::string password_;
};

} // namespace dovetail::testing
