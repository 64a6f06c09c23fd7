// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/library_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/plugin/elf.hpp"
#include "core/vault/crypto.hpp"

namespace dovetail::plugin {

namespace {

std::string reason_of(int number) { return std::generic_category().message(number); }

class Descriptor {
public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }

private:
  int fd_;
};

/// All bytes, or the errno. A file that grows while it is read is cut at `size`; one that shrinks ends early.
std::optional<int> read_all(int fd, std::uint64_t size, std::string& out) {
  out.resize(static_cast<std::size_t>(size));
  std::size_t done = 0;
  while (done < out.size()) {
    const auto got = ::read(fd, out.data() + done, out.size() - done);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return errno;
    }
    if (got == 0) {
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  out.resize(done);
  return std::nullopt;
}

std::optional<int> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return ::fsync(fd) == 0 ? std::nullopt : std::optional(errno);
}

/// Whether the copy is ours, closed to others, and what its name says.
bool is_intact(const std::filesystem::path& copy, const PluginFile& file) {
  const Descriptor opened(::open(copy.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!opened.valid() || ::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
      static_cast<std::uint64_t>(status.st_size) != file.bytes.size()) {
    return false;
  }
  std::string bytes;
  return !read_all(opened.get(), file.bytes.size(), bytes) && bytes == file.bytes;
}

} // namespace

Result<PluginFile> read_plugin_file(const std::filesystem::path& file) {
  const auto name = file.string();
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened.valid()) {
    const int number = errno;
    auto message = fmt::format("{} cannot be read: {}. Check the plugin directory", name, reason_of(number));
    return number == ENOENT ? not_found(std::move(message)) : failed_precondition(std::move(message));
  }
  struct stat status {};
  if (::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return failed_precondition(name + " is no regular file. Put the plugin's .so there");
  }
  if (static_cast<std::uint64_t>(status.st_size) > max_plugin_bytes) {
    return failed_precondition(
        fmt::format("{} has {} bytes, more than a plugin may have ({}). Strip it, or check that it is a plugin", name,
                    status.st_size, max_plugin_bytes));
  }
  PluginFile result;
  result.name = name;
  if (const auto problem = read_all(opened.get(), static_cast<std::uint64_t>(status.st_size), result.bytes)) {
    return unavailable(fmt::format("{} cannot be read: {}", name, reason_of(*problem)));
  }
  DOVETAIL_TRY_STATUS(check_shared_object(name, result.bytes));
  result.sha256 = vault::sha256_hex(result.bytes);
  return result;
}

Result<std::filesystem::path> LibraryStore::keep(const PluginFile& file) const {
  const auto fail = [&](std::string_view what, int number) {
    return unavailable(
        fmt::format("The plugin {} cannot be kept in {}: {}: {}. Check that the data directory can be written",
                    file.name, folder_.string(), what, reason_of(number)));
  };
  std::error_code code;
  std::filesystem::create_directories(folder_.parent_path(), code);
  if (::mkdir(folder_.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return fail("making the folder", errno);
  }
  auto copy = folder_ / (file.sha256 + ".so");
  if (is_intact(copy, file)) {
    return copy;
  }
  // Written under a name of its own and moved into place, so that another process never sees half a file.
  std::string pattern = (folder_ / (file.sha256 + ".XXXXXX")).string();
  const Descriptor written(::mkostemp(pattern.data(), O_CLOEXEC)); // O_EXCL and 0600 by itself
  if (!written.valid()) {
    return fail("making a file", errno);
  }
  auto problem = write_all(written.get(), file.bytes);
  if (!problem && ::fchmod(written.get(), S_IRUSR | S_IXUSR) != 0) {
    problem = errno;
  }
  if (!problem && ::rename(pattern.c_str(), copy.c_str()) != 0) {
    problem = errno;
  }
  if (problem) {
    ::unlink(pattern.c_str());
    return fail("writing " + copy.filename().string(), *problem);
  }
  return copy;
}

} // namespace dovetail::plugin
