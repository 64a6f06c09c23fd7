// SPDX-License-Identifier: Apache-2.0
#include "core/vault/command.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dovetail::vault {
namespace {

Command shell(const std::string& script) {
  return {.words = {"/bin/sh", "-c", script}, .variables = {"PATH=/usr/bin:/bin"}};
}

TEST(Command, GivesTheInputAndTakesTheOutput) {
  const auto done = run_command(shell("cat; exit 7"), Secret(std::string(300'000, 'x')));
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(done->status, 7);
  EXPECT_EQ(done->output.reveal(), std::string(300'000, 'x'));
}

TEST(Command, NeedNotReadItsInput) {
  const auto done = run_command(shell("echo hello"), Secret(std::string(1'000'000, 'x')));
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(done->output.reveal(), "hello\n");
}

TEST(Command, HasNoEnvironmentButWhatItIsGiven) {
  const auto done = run_command({.words = {"/usr/bin/env"}, .variables = {"ONLY=this"}}, Secret());
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(done->output.reveal(), "ONLY=this\n");
}

TEST(Command, IsKilledWithItsChildrenWhenItIsLate) {
  Command late = shell("sleep 1000 & echo $! > \"$FILE\"; wait");
  const std::string file = ::testing::TempDir() + "dovetail_command_test." + std::to_string(::getpid());
  late.variables.push_back("FILE=" + file);
  late.deadline = std::chrono::seconds(2);
  const auto done = run_command(late, Secret());
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::deadline_exceeded) << done.error().message;
  std::ifstream stream(file);
  pid_t sleeper = 0;
  ASSERT_TRUE(stream >> sleeper);
  // Killed: gone already, or about to be.
  const int watched = static_cast<int>(::syscall(SYS_pidfd_open, sleeper, 0)); // NOLINT(*-vararg)
  if (watched >= 0) {
    pollfd ended{.fd = watched, .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&ended, 1, 60'000), 1) << "what it started goes on";
    ::close(watched);
  }
  std::filesystem::remove(file);
}

TEST(Command, IsStoppedWhenItSaysTooMuch) {
  Command loud = shell("yes");
  loud.max_output_bytes = 1000;
  EXPECT_EQ(run_command(loud, Secret()).error().code, ErrorCode::out_of_range);
}

TEST(Command, SaysWhatWentWrong) {
  const auto missing = run_command({.words = {"/nowhere/at/all"}, .variables = {}}, Secret());
  EXPECT_EQ(missing.error().code, ErrorCode::failed_precondition);
  EXPECT_NE(missing.error().message.find("/nowhere/at/all: it cannot be started: No such file"), std::string::npos)
      << missing.error().message;
  EXPECT_EQ(run_command(shell("kill -9 $$"), Secret()).error().code, ErrorCode::unavailable);
}

} // namespace
} // namespace dovetail::vault
