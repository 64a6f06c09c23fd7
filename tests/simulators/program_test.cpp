// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/simulators/github/test_client.hpp"
#include "tests/simulators/wire.hpp"

// dovetail-simulator as other tests start it: a child process that says where it listens.
namespace dovetail::simulators {
namespace {

/// A started program, its standard output and error in one pipe.
class Program {
public:
  explicit Program(std::vector<std::string> arguments) {
    const char* build = std::getenv("DOVETAIL_BUILD_DIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    std::string path = std::string(build == nullptr ? "." : build) + "/bin/dovetail-simulator";
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    std::vector<char*> argv = {path.data()};
    for (std::string& argument : arguments) {
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&child_, path.c_str(), &actions, nullptr, argv.data(), environ), 0) << path;
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ends[0];
  }
  ~Program() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      wait();
    }
    ::close(output_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  Program(Program&&) = delete;
  Program& operator=(Program&&) = delete;

  std::string read_line() const {
    std::string line;
    for (char c = 0; ::read(output_, &c, 1) == 1 && c != '\n';) {
      line.push_back(c);
    }
    return line;
  }
  void terminate() const { ::kill(child_, SIGTERM); }
  /// The exit code; -1 when a signal ended it.
  int wait() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

private:
  pid_t child_ = -1;
  int output_ = -1;
};

std::string temporary(const std::string& name, const std::string& content) {
  std::string path = testing::TempDir() + "simulator_" + std::to_string(::getpid()) + "_" + name;
  std::ofstream(path) << content;
  return path;
}

constexpr const char* world = R"({"seed": 9, "organisations": [{"login": "acme", "members": 3, "pull_requests": 12}],
  "tokens": [{"token": "t1"}]})";

TEST(SimulatorProgram, SaysItsPortServesTheWorldAndEndsOnSigterm) {
  const std::string world_file = temporary("world.json", world);
  const std::string port_file = temporary("port", "");
  Program program({"--world", world_file, "--port-file", port_file});
  const std::string line = program.read_line();
  ASSERT_TRUE(line.starts_with("{\"port\":")) << line;
  const auto port = static_cast<std::uint16_t>(std::stoi(line.substr(8)));
  std::uint16_t filed = 0;
  std::ifstream(port_file) >> filed;
  EXPECT_EQ(filed, port);

  Wire wire(port);
  const std::string headers = "User-Agent: x\r\nAuthorization: Bearer t1\r\n";
  const std::string list = "/repositories/7000000000/pulls?state=all";
  wire.get(list, headers);
  const Wire::Reply before = wire.read();
  EXPECT_TRUE(before.head.starts_with("HTTP/1.1 200"));

  // The same world in this process, changed in the same way, is what the child serves.
  VirtualClock clock(Timestamp{});
  github::SimulatorOptions options;
  options.world.seed = 9;
  options.world.organisations = {{.login = "acme", .members = 3, .pull_requests = 12}};
  options.tokens = {{.token = github::test_token}};
  github::GithubSimulator twin(options, clock);
  github::TestClient client(twin);
  EXPECT_EQ(before.body, client.get(list).content());
  const std::string change = R"({"seed": 4, "new_pulls": 2, "merged_pulls": 1})";
  wire.send("POST /__sim__/mutate HTTP/1.1\r\nContent-Length: " + std::to_string(change.size()) + "\r\n\r\n" + change);
  EXPECT_NE(wire.read().body.find("\"new_pulls\":2"), std::string::npos);
  twin.mutate(4, {.new_pulls = 2, .merged_pulls = 1});
  wire.get(list, headers);
  const std::string after = wire.read().body;
  EXPECT_NE(after, before.body);
  EXPECT_EQ(after, client.get(list).content());

  program.terminate();
  EXPECT_EQ(program.wait(), 0);
  ::unlink(world_file.c_str());
  ::unlink(port_file.c_str());
}

TEST(SimulatorProgram, RefusesAWorldItCannotMakeAndSaysWhy) {
  const std::string world_file = temporary("bad.json", R"({"organisations": [{"login": "acme", "memberz": 3}]})");
  Program program({"--world", world_file});
  EXPECT_EQ(program.read_line(),
            "dovetail-simulator: simulator configuration: /organisations/0: memberz is not known here");
  EXPECT_EQ(program.wait(), 1);
  ::unlink(world_file.c_str());
  Program absent({"--world", world_file});
  EXPECT_NE(absent.read_line().find("cannot be read"), std::string::npos);
  EXPECT_EQ(absent.wait(), 1);
}

} // namespace
} // namespace dovetail::simulators
