// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace dovetail::http {

/// Keeps SIGPIPE from this thread while it lives, and takes away one that came meanwhile. TLS writes to its socket without
/// MSG_NOSIGNAL, also while it reads, and a library has no business to ignore the signal for the whole process.
class PipeSignalGuard {
public:
  PipeSignalGuard();
  ~PipeSignalGuard();
  PipeSignalGuard(const PipeSignalGuard&) = delete;
  PipeSignalGuard& operator=(const PipeSignalGuard&) = delete;
  PipeSignalGuard(PipeSignalGuard&&) = delete;
  PipeSignalGuard& operator=(PipeSignalGuard&&) = delete;

private:
  sigset_t before_{};
  bool was_pending_ = false;
};

} // namespace dovetail::http
