// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace dovetail::testing {

/// How a program ended and what it said.
struct Ended {
  int status = -1; ///< its exit status; 128 + signal when a signal ended it
  std::string out;
  std::string err;
  // Of the process and of the children that it waited for itself.
  double wall_seconds = 0; ///< from its start until it was waited for
  double cpu_seconds = 0;  ///< of all threads, in user and system mode
  /// The most resident memory of any one of them. Linux counts what the parent held when it started the child: a test that looks at it must be
  /// small itself.
  std::int64_t max_rss_kib = 0;
};

/// Programs run as children with an environment of their own; what they print is kept in files below `folder` until it is read. Not thread-safe.
class ChildProcesses {
public:
  /// `environment` is all that the children see of one.
  ChildProcesses(std::filesystem::path folder, std::map<std::string, std::string> environment);

  std::map<std::string, std::string>& environment() noexcept { return environment_; }

  /// Runs a program to its end.
  [[nodiscard]] Ended run(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                          const std::string& input = {});
  /// Starts one; its process id.
  [[nodiscard]] int start(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                          const std::string& input = {});
  /// Waits for one that was started.
  [[nodiscard]] Ended wait(int process);

private:
  [[nodiscard]] std::filesystem::path file_of(int number, const char* what) const;

  const std::filesystem::path folder_;
  std::map<std::string, std::string> environment_;
  struct Running {
    int number = 0; ///< of its files
    std::chrono::steady_clock::time_point begun;
  };
  std::map<int, Running> running_; ///< by process
  int started_ = 0;
};

} // namespace dovetail::testing
