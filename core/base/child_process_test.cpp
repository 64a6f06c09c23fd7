// SPDX-License-Identifier: Apache-2.0
#include "core/base/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dovetail {
namespace {

using std::chrono::steady_clock;

/// A group leader that starts a process which holds the writing end of `alive`, tells so, and then exits with 7 (or waits for ever).
pid_t start(const std::array<int, 2>& alive, bool ends) {
  const pid_t child = ::fork();
  if (child != 0) {
    ::setpgid(child, child);
    return child;
  }
  ::setpgid(0, 0);
  ::close(alive[0]);
  if (::fork() == 0) {
    while (true) {
      ::pause();
    }
  }
  if (::write(alive[1], "x", 1) == 1 && ends) {
    ::_exit(7);
  }
  while (true) {
    ::pause();
  }
}

/// Both have ended when nobody holds the writing end any more.
class ChildProcessTest : public ::testing::Test {
protected:
  void SetUp() override { ASSERT_EQ(::pipe(alive_.data()), 0); }
  void TearDown() override { ::close(alive_[0]); }
  pid_t begin(bool ends) {
    const pid_t pid = start(alive_, ends);
    ::close(alive_[1]);
    char said = 0;
    EXPECT_EQ(::read(alive_[0], &said, 1), 1);
    return pid;
  }
  bool all_gone() {
    pollfd end{.fd = alive_[0], .events = POLLIN, .revents = 0};
    char said = 0;
    return ::poll(&end, 1, 60'000) == 1 && ::read(alive_[0], &said, 1) == 0;
  }
  std::array<int, 2> alive_{};
};

TEST_F(ChildProcessTest, TellsHowItEndedAndTakesWhatItStartedAlong) {
  ChildProcess child(begin(true));
  const auto status = child.wait_until(steady_clock::now() + std::chrono::minutes(1));
  ASSERT_TRUE(status);
  EXPECT_TRUE(WIFEXITED(*status) && WEXITSTATUS(*status) == 7);
  EXPECT_TRUE(all_gone());
  EXPECT_EQ(child.wait_until(steady_clock::now()), status);
}

TEST_F(ChildProcessTest, IsKilledAndReapedWithAllThatItStartedWhenItStillRuns) {
  const pid_t pid = begin(false);
  {
    ChildProcess child(pid);
    EXPECT_FALSE(child.wait_until(steady_clock::now()));
  }
  EXPECT_TRUE(all_gone());
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

} // namespace
} // namespace dovetail
