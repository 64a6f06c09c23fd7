// SPDX-License-Identifier: Apache-2.0
#include "core/vault/command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/child_process.hpp"

namespace dovetail::vault {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

std::string reason_of(int number) { return std::generic_category().message(number); }

class File {
public:
  explicit File(int descriptor = -1) noexcept : descriptor_(descriptor) {}
  ~File() { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  File(File&&) = delete;
  File& operator=(File&&) = delete;

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  void set(int descriptor) noexcept {
    close();
    descriptor_ = descriptor;
  }
  void close() noexcept {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
      descriptor_ = -1;
    }
  }

private:
  int descriptor_;
};

/// The input as a file in memory: nothing of it ever reaches a disk, and a program that does not read it blocks nobody.
Status fill(File& file, const Secret& input) {
  file.set(::memfd_create("dovetail-secret", MFD_CLOEXEC));
  std::string_view rest = input.reveal();
  while (file.get() >= 0 && !rest.empty()) {
    const ssize_t written = ::write(file.get(), rest.data(), rest.size());
    if (written <= 0 && errno != EINTR) {
      break;
    }
    rest.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  if (file.get() < 0 || !rest.empty() || ::lseek(file.get(), 0, SEEK_SET) != 0) {
    return unavailable("The input for the secret command cannot be made: " + reason_of(errno) + ".");
  }
  return {};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    // posix_spawn's signature predates const; it changes nothing.
    list.push_back(const_cast<char*>(text.c_str())); // NOLINT(*-const-cast)
  }
  list.push_back(nullptr);
  return list;
}

/// The errno on failure.
int spawn(const Command& command, int input, int output, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  const int error = ::posix_spawn(&pid, command.words.front().c_str(), &actions, &attributes,
                                  pointers(command.words).data(), pointers(command.variables).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

/// What comes out of a pipe until its end, into memory that never moves and is wiped.
class Output {
public:
  explicit Output(std::size_t max_bytes) : bytes_(max_bytes + 1, '\0') {}
  ~Output() { wipe(bytes_.data(), size_); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  Output(Output&&) = delete;
  Output& operator=(Output&&) = delete;

  Status read(int pipe, SteadyTime end) {
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
      pollfd wanted{.fd = pipe, .events = POLLIN, .revents = 0};
      const int ready = left <= 0 ? 0 : ::poll(&wanted, 1, static_cast<int>(left));
      if (ready == 0) {
        return deadline_exceeded("it did not answer in time");
      }
      const ssize_t got = ready < 0 ? -1 : ::read(pipe, bytes_.data() + size_, bytes_.size() - size_);
      if (got < 0 && errno != EINTR) {
        return unavailable("its output cannot be read: " + reason_of(errno));
      }
      if (got == 0) {
        return {};
      }
      size_ += got > 0 ? static_cast<std::size_t>(got) : 0;
      if (size_ == bytes_.size()) {
        return out_of_range("it printed more than " + std::to_string(size_ - 1) + " bytes");
      }
    }
  }
  [[nodiscard]] Secret take() const { return Secret(std::string_view(bytes_).substr(0, size_)); }

private:
  std::string bytes_;
  std::size_t size_ = 0;
};

} // namespace

Result<CommandResult> run_command(const Command& command, const Secret& input) {
  const std::string& program = command.words.front();
  const auto failed = [&program](const Error& error) { return error.in("The secret command " + program); };
  const SteadyTime end = std::chrono::steady_clock::now() + command.deadline;
  File stdin_file;
  DOVETAIL_TRY_STATUS(fill(stdin_file, input));
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return failed(unavailable("no pipe can be made: " + reason_of(errno)));
  }
  const File reader(ends[0]);
  File writer(ends[1]);
  pid_t pid = -1;
  if (const int error = spawn(command, stdin_file.get(), writer.get(), pid); error != 0) {
    return failed(failed_precondition("it cannot be started: " + reason_of(error)));
  }
  ChildProcess child(pid);
  writer.close();
  Output output(command.max_output_bytes);
  if (const Status read = output.read(reader.get(), end); !read.ok()) {
    return failed(read.error());
  }
  const auto status = child.wait_until(end);
  if (!status) {
    return failed(deadline_exceeded("it did not end in time"));
  }
  if (!WIFEXITED(*status)) {
    return failed(unavailable("it was ended by signal " + std::to_string(WTERMSIG(*status))));
  }
  return CommandResult{.status = WEXITSTATUS(*status), .output = output.take()};
}

} // namespace dovetail::vault
