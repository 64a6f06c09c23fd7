// SPDX-License-Identifier: Apache-2.0
#include "core/base/child_process.hpp"

#include <cerrno>
#include <csignal>

#include <poll.h>
#include <sys/wait.h>

namespace dovetail {

ChildProcess::~ChildProcess() {
  if (!status_) {
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
}

std::optional<int> ChildProcess::wait_until(std::chrono::steady_clock::time_point end) {
  while (!status_) {
    int status = 0;
    const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_ || (ended < 0 && errno != EINTR)) {
      ::kill(-pid_, SIGKILL); // what it may have left behind in its process group
      status_ = status;
    } else if (std::chrono::steady_clock::now() >= end) {
      break;
    } else {
      ::poll(nullptr, 0, 1);
    }
  }
  return status_;
}

} // namespace dovetail
