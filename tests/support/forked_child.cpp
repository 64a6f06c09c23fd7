// SPDX-License-Identifier: Apache-2.0
#include "tests/support/forked_child.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dovetail::testing {

ForkedChild::ForkedChild(const std::function<int(const Tell&)>& work) {
  // A packet socket keeps texts apart and ends when the child does.
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::runtime_error("cannot make a pair of sockets");
  }
  const pid_t parent = ::getpid();
  process_id_ = ::fork();
  if (process_id_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(ends[0]);
    int status = 1;
    if (::getppid() == parent) {
      try {
        status = work([&](std::string_view text) { (void)::send(ends[1], text.data(), text.size(), MSG_NOSIGNAL); });
      } catch (const std::exception& exception) {
        (void)::send(ends[1], exception.what(), std::string_view(exception.what()).size(), MSG_NOSIGNAL);
      }
    }
    // Not exit(): the parent's static objects are not the child's to destroy.
    ::_exit(status);
  }
  ::close(ends[1]);
  channel_ = ends[0];
}

ForkedChild::~ForkedChild() {
  kill();
  ::close(channel_);
}

std::string ForkedChild::hear() {
  std::array<char, 4096> buffer{};
  ssize_t length = -1;
  do {
    length = ::recv(channel_, buffer.data(), buffer.size(), 0);
  } while (length < 0 && errno == EINTR);
  return length > 0 ? std::string(buffer.data(), static_cast<std::size_t>(length)) : std::string();
}

void ForkedChild::kill() {
  if (process_id_ > 0) {
    ::kill(process_id_, SIGKILL);
    ::waitpid(process_id_, nullptr, 0);
    process_id_ = -1;
  }
}

void ForkedChild::kill_uncollected() const {
  ::kill(process_id_, SIGKILL);
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(process_id_), &ended, WEXITED | WNOWAIT);
}

} // namespace dovetail::testing
