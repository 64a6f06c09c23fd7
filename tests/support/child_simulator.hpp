// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/support/child_process.hpp"

namespace dovetail::testing {

/// The program dovetail-simulator as a child process on a port that the system chose: for measurements of memory and time, which a server
/// in the same process would spoil. Ends with this object. Not thread-safe.
class ChildSimulator {
public:
  /// Starts the program of the build directory `build` on a world as github/configuration.hpp describes it, and waits until it listens; its
  /// files are kept below `folder`. Throws std::runtime_error with what it said when it ends instead.
  ChildSimulator(const std::filesystem::path& build, const std::filesystem::path& folder, const std::string& world);
  ~ChildSimulator();
  ChildSimulator(const ChildSimulator&) = delete;
  ChildSimulator& operator=(const ChildSimulator&) = delete;
  ChildSimulator(ChildSimulator&&) = delete;
  ChildSimulator& operator=(ChildSimulator&&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
  ChildProcesses children_;
  int process_ = -1;
  std::uint16_t port_ = 0;
};

} // namespace dovetail::testing
