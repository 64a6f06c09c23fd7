// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_simulator.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>

namespace dovetail::testing {
namespace {

/// 0 until the program has written it.
std::uint16_t port_in(const std::filesystem::path& file) {
  std::uint16_t port = 0;
  std::ifstream(file) >> port;
  return port;
}

bool has_ended(int process) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

} // namespace

ChildSimulator::ChildSimulator(const std::filesystem::path& build, const std::filesystem::path& folder,
                               const std::string& world)
    : children_(folder, {}) {
  const std::filesystem::path world_file = folder / "world.json";
  const std::filesystem::path port_file = folder / "port";
  std::ofstream(world_file, std::ios::binary) << world;
  process_ = children_.start(build / "bin" / "dovetail-simulator",
                             {"--world", world_file.string(), "--port-file", port_file.string()});
  constexpr std::chrono::milliseconds pause{5};
  while ((port_ = port_in(port_file)) == 0) {
    if (has_ended(process_)) {
      const Ended ended = children_.wait(process_);
      throw std::runtime_error("dovetail-simulator does not start: " + ended.err);
    }
    std::this_thread::sleep_for(pause);
  }
}

ChildSimulator::~ChildSimulator() {
  ::kill(process_, SIGTERM);
  static_cast<void>(children_.wait(process_));
}

} // namespace dovetail::testing
