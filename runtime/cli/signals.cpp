// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/signals.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace dovetail::cli {
namespace {

// A signal handler reaches nothing but what is static; it may only use what is async-signal-safe (signal-safety(7)).
std::atomic<int> wake_descriptor{-1};
std::atomic<int> received{0};
static_assert(std::atomic<int>::is_always_lock_free);

constexpr int signal_status_base = 128;

void wake() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_descriptor.load(), &one, sizeof one));
}

extern "C" void dovetail_on_stop_signal(int signal) {
  const int saved = errno;
  if (received.fetch_add(1) > 0) {
    ::_exit(signal_status_base + signal);
  }
  wake();
  errno = saved;
}

void set_handlers(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : std::array{SIGINT, SIGTERM}) {
    ::sigaction(signal, &action, nullptr);
  }
}

} // namespace

StopSignals::StopSignals(std::function<void()> on_first) : on_first_(std::move(on_first)) {
  received = 0;
  wake_descriptor = ::eventfd(0, EFD_CLOEXEC);
  watcher_ = std::thread([this] {
    std::uint64_t count = 0;
    while (::read(wake_descriptor.load(), &count, sizeof count) < 0 && errno == EINTR) {
    }
    if (received.load() > 0) {
      on_first_();
      source_.request_stop();
    }
  });
  set_handlers(dovetail_on_stop_signal);
}

StopSignals::~StopSignals() {
  set_handlers(SIG_DFL);
  wake();
  watcher_.join();
  ::close(wake_descriptor.exchange(-1));
}

} // namespace dovetail::cli
