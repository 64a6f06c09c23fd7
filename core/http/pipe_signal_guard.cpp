// SPDX-License-Identifier: Apache-2.0
#include "core/http/pipe_signal_guard.hpp"

#include <cerrno>
#include <ctime>

namespace dovetail::http {
namespace {

sigset_t only_pipe() {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

} // namespace

PipeSignalGuard::PipeSignalGuard() {
  sigset_t pending{};
  sigpending(&pending);
  was_pending_ = sigismember(&pending, SIGPIPE) == 1;
  const auto pipe = only_pipe();
  pthread_sigmask(SIG_BLOCK, &pipe, &before_);
}

PipeSignalGuard::~PipeSignalGuard() {
  const auto pipe = only_pipe();
  if (!was_pending_) {
    const timespec now{};
    while (sigtimedwait(&pipe, nullptr, &now) == -1 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

} // namespace dovetail::http
