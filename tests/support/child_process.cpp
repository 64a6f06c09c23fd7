// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_process.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dovetail::testing {
namespace {

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  std::transform(texts.begin(), texts.end(), std::back_inserter(result), [](std::string& text) { return text.data(); });
  result.push_back(nullptr);
  return result;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

} // namespace

ChildProcesses::ChildProcesses(std::filesystem::path folder, std::map<std::string, std::string> environment)
    : folder_(std::move(folder)), environment_(std::move(environment)) {
  std::filesystem::create_directories(folder_);
}

std::filesystem::path ChildProcesses::file_of(int number, const char* what) const {
  return folder_ / (std::to_string(number) + what);
}

int ChildProcesses::start(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                          const std::string& input) {
  const int number = ++started_;
  std::ofstream(file_of(number, ".in"), std::ios::binary) << input;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr mode_t mode = 0600;
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, file_of(number, ".in").c_str(), O_RDONLY, mode);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, file_of(number, ".out").c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, mode);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, file_of(number, ".err").c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, mode);
  std::vector<std::string> words{program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment_) {
    variables.push_back(name + "=" + value);
  }
  pid_t process = -1;
  const auto begun = std::chrono::steady_clock::now();
  const int error =
      ::posix_spawn(&process, program.c_str(), &actions, nullptr, pointers(words).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw std::runtime_error(program.string() + " cannot be started: " + std::generic_category().message(error));
  }
  running_.emplace(process, Running{number, begun});
  return process;
}

Ended ChildProcesses::wait(int process) {
  int status = 0;
  rusage used{};
  while (::wait4(process, &status, 0, &used) < 0) {
    if (errno != EINTR) {
      throw std::runtime_error("a child process cannot be waited for");
    }
  }
  const auto ended = std::chrono::steady_clock::now();
  const Running running = running_.at(process);
  running_.erase(process);
  constexpr int signal_base = 128;
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : signal_base + WTERMSIG(status),
          .out = content_of(file_of(running.number, ".out")),
          .err = content_of(file_of(running.number, ".err")),
          .wall_seconds = std::chrono::duration<double>(ended - running.begun).count(),
          .cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime),
          .max_rss_kib = used.ru_maxrss};
}

Ended ChildProcesses::run(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                          const std::string& input) {
  return wait(start(program, arguments, input));
}

} // namespace dovetail::testing
