// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_postgres.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dovetail::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* server_program = "/usr/lib/postgresql/15/bin/postgres";
constexpr const char* init_program = "/usr/lib/postgresql/15/bin/initdb";
constexpr auto start_limit = std::chrono::seconds(60);

std::string system_message(const std::string& what) { return what + ": " + std::system_category().message(errno); }

std::string random_word() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device device;
  std::string word;
  for (int index = 0; index < 24; ++index) {
    word += letters[device() % letters.size()];
  }
  return word;
}

/// A port that is free now. Somebody may take it before the server does: then the server does not start and another is tried.
std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  std::uint16_t port = 0;
  if (::bind(descriptor, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
      ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    port = ntohs(address.sin_port);
  }
  ::close(descriptor);
  return port;
}

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};

/// Whom the server runs as: PostgreSQL refuses root.
User server_user() {
  if (::geteuid() != 0) {
    return {::geteuid(), ::getegid()};
  }
  passwd entry{};
  passwd* nobody = nullptr;
  std::array<char, 4096> buffer{};
  ::getpwnam_r("nobody", &entry, buffer.data(), buffer.size(), &nobody);
  return nobody != nullptr ? User{entry.pw_uid, entry.pw_gid} : User{65534, 65534};
}

/// Starts a program as `user` with its output in `log`; the process id.
pid_t spawn(const User& user, const fs::path& folder, const fs::path& log, const std::vector<std::string>& arguments) {
  const pid_t child = ::fork();
  if (child != 0) {
    return child;
  }
  if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setgid(user.gid) != 0 || ::setuid(user.uid) != 0)) {
    ::_exit(126);
  }
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (output < 0 || input < 0 || ::dup2(output, 1) < 0 || ::dup2(output, 2) < 0 || ::dup2(input, 0) < 0 ||
      ::chdir(folder.c_str()) != 0) {
    ::_exit(126);
  }
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  // The user's own PG* variables would lead the programs elsewhere.
  std::array<char*, 3> environment = {const_cast<char*>("PATH=/usr/bin:/bin"), const_cast<char*>("LC_ALL=C.UTF-8"),
                                      nullptr};
  ::execve(argv[0], argv.data(), environment.data());
  ::_exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// The guardian: makes the cluster, runs the server, and takes both away when `alive` reaches its end or the server dies.
[[noreturn]] void guard(int alive, const fs::path& folder, const User& user, std::uint16_t port,
                        const std::string& password, bool fsync) {
  const fs::path data = folder / "data";
  const fs::path log = folder / "log";
  const fs::path secret = folder / "password";
  std::ofstream(secret) << password << '\n';
  if (::geteuid() == 0 && ::chown(secret.c_str(), user.uid, user.gid) != 0) {
    ::_exit(1);
  }
  int status = wait_for(spawn(user, folder, log,
                              {init_program, "-D", data.string(), "-U", "postgres", "-A", "scram-sha-256", "--pwfile",
                               secret.string(), "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"}));
  if (status == 0) {
    const char* sync = fsync ? "on" : "off";
    const pid_t server = spawn(user, folder, log,
                               {server_program,
                                "-D",
                                data.string(),
                                "-p",
                                std::to_string(port),
                                "-c",
                                "listen_addresses=127.0.0.1",
                                "-c",
                                "unix_socket_directories=",
                                "-c",
                                std::string("fsync=") + sync,
                                "-c",
                                std::string("synchronous_commit=") + sync,
                                "-c",
                                std::string("full_page_writes=") + sync,
                                "-c",
                                "shared_buffers=64MB",
                                "-c",
                                "max_connections=200",
                                "-c",
                                "autovacuum=off",
                                "-c",
                                "logging_collector=off"});
    pollfd end{.fd = alive, .events = POLLIN, .revents = 0};
    while (::waitpid(server, &status, WNOHANG) == 0) {
      if (::poll(&end, 1, 200) > 0) {
        ::kill(server, SIGQUIT);
        wait_for(server);
        break;
      }
    }
  }
  std::error_code ignored;
  if (status != 0) {
    fs::copy_file(log, folder.string() + ".log", ignored);
  }
  fs::remove_all(folder, ignored);
  ::_exit(status == 0 ? 0 : 1);
}

std::string read_all(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

} // namespace

TestPostgres::TestPostgres(int guardian, int alive, std::uint16_t port, std::string password)
    : guardian_(guardian), alive_(alive), port_(port), password_(std::move(password)) {}

TestPostgres::~TestPostgres() {
  ::close(alive_);
  wait_for(guardian_);
}

Result<std::unique_ptr<TestPostgres>> TestPostgres::start(const TestPostgresOptions& options) {
  if (!installed()) {
    return failed_precondition(std::string("PostgreSQL 15 is not installed (no ") + server_program + ")");
  }
  const User user = server_user();
  std::string complaint;
  for (int attempt = 0; attempt < 5; ++attempt) {
    std::string pattern = (fs::temp_directory_path() / "dovetail-postgres-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      return internal(system_message("making a temporary folder"));
    }
    const fs::path folder = pattern;
    if (::geteuid() == 0 && ::chown(folder.c_str(), user.uid, user.gid) != 0) {
      return internal(system_message("giving the folder to the server's user"));
    }
    const std::uint16_t port = free_port();
    std::string password = random_word();
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
      return internal(system_message("making a pipe"));
    }
    const pid_t guardian = ::fork();
    if (guardian < 0) {
      return internal(system_message("starting a process"));
    }
    if (guardian == 0) {
      // A terminal's Ctrl-C goes to the tests; the guardian ends after them.
      ::setpgid(0, 0);
      // What the tests have open is not the server's: a lock would outlive them, and the other end of a pipe would keep its reader waiting.
      const int alive = ::dup2(pipe[0], 3);
      ::close_range(4, ~0U, 0);
      ::fcntl(alive, F_SETFD, FD_CLOEXEC);
      guard(alive, folder, user, port, password, options.fsync);
    }
    ::close(pipe[0]);
    std::unique_ptr<TestPostgres> server(new TestPostgres(guardian, pipe[1], port, std::move(password)));
    const auto deadline = std::chrono::steady_clock::now() + start_limit;
    bool running = true;
    while (running && std::chrono::steady_clock::now() < deadline) {
      if (PQping(server->url("postgres").c_str()) == PQPING_OK && server->execute("postgres", "SELECT 1").ok()) {
        return server;
      }
      siginfo_t ended{};
      running =
          ::waitid(P_PID, static_cast<id_t>(guardian), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    server.reset();
    complaint = read_all(pattern + ".log");
    fs::remove(pattern + ".log");
  }
  return internal("the test server did not start; it says:\n" + complaint);
}

bool TestPostgres::installed() {
  static const bool found = [] {
    const bool exists = fs::exists(server_program) && fs::exists(init_program);
    if (!exists) {
      std::fprintf(stderr, "\n*** TESTS ON POSTGRESQL ARE SKIPPED: no %s. Install postgresql-15.\n\n", server_program);
    }
    return exists;
  }();
  return found;
}

TestPostgres& TestPostgres::shared() {
  static const std::unique_ptr<TestPostgres> server = [] {
    auto started = start();
    if (!started.ok()) {
      std::fprintf(stderr, "\n*** TESTS ON POSTGRESQL ARE BROKEN: %s\n\n", started.error().message.c_str());
      std::abort();
    }
    return std::move(started).value();
  }();
  return *server;
}

std::string TestPostgres::url(std::string_view database) const { return url(database, "postgres", password_, port_); }

std::string TestPostgres::url(std::string_view database, std::string_view user, std::string_view password,
                              std::uint16_t port) const {
  return "postgresql://" + std::string(user) + ":" + std::string(password) + "@127.0.0.1:" + std::to_string(port) +
         "/" + std::string(database);
}

Result<std::string> TestPostgres::execute(std::string_view database, std::string_view sql) const {
  return Session(*this, database).execute(sql);
}

void TestPostgres::Session::close() noexcept {
  PQfinish(connection_);
  connection_ = nullptr;
}

Result<std::string> TestPostgres::Session::execute(std::string_view sql) {
  if (connection_ == nullptr || PQstatus(connection_) != CONNECTION_OK) {
    close();
    connection_ = PQconnectdb(url_.c_str());
    PQsetNoticeProcessor(
        connection_, [](void*, const char*) {}, nullptr);
  }
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection_, std::string(sql).c_str()), &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return internal(std::string("running SQL on the test server: ") + PQerrorMessage(connection_));
  }
  return PQntuples(result.get()) > 0 ? std::string(PQgetvalue(result.get(), 0, 0)) : std::string();
}

} // namespace dovetail::testing
