// SPDX-License-Identifier: Apache-2.0
#include "runtime/batch/account_files.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/json/file.hpp"

namespace dovetail::batch {
namespace {

namespace fs = std::filesystem;

/// Closes a file's descriptor.
class Descriptor {
public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  [[nodiscard]] int get() const noexcept { return number_; }

private:
  int number_;
};

std::string reason() { return std::generic_category().message(errno); }

Error cannot_write(const fs::path& file) {
  return unavailable(fmt::format("{} cannot be written: {}", file.string(), reason()));
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

/// A rename is durable once its directory is.
Status sync_directory(const fs::path& directory) {
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.get() >= 0 && ::fsync(opened.get()) == 0 ? Status() : Status(cannot_write(directory));
}

} // namespace

Result<DirectoryLock> DirectoryLock::take(const fs::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    const int number = errno;
    auto message = fmt::format("the directory {} cannot be opened: {}", directory.string(), reason());
    return number == ENOENT    ? not_found(std::move(message))
           : number == ENOTDIR ? invalid_argument(std::move(message))
           : number == EACCES  ? permission_denied(std::move(message))
                               : unavailable(std::move(message));
  }
  DirectoryLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK
               ? failed_precondition(
                     fmt::format("another batch run works on {}: wait until it has ended", directory.string()))
               : unavailable(fmt::format("the directory {} cannot be locked: {}", directory.string(), reason()));
  }
  return lock;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Result<std::vector<fs::path>> list_account_files(const fs::path& directory) {
  DOVETAIL_TRY(std::vector<fs::path> files, json::list_json_files(directory, max_account_files));
  if (files.empty()) {
    return not_found(
        fmt::format("{} holds no account files: put one <account>.json there for each account", directory.string()));
  }
  return files;
}

Result<AccountFile> read_account_file(const fs::path& directory, const fs::path& file) {
  std::error_code error;
  const fs::path home = fs::canonical(directory, error);
  const fs::path real = error ? fs::path() : fs::canonical(file, error);
  if (error) {
    return not_found(fmt::format("cannot read {}: {}", file.string(), error.message()));
  }
  if (std::mismatch(home.begin(), home.end(), real.begin(), real.end()).first != home.end()) {
    return permission_denied(fmt::format("{} is a link that leads out of the directory and is not followed: put the "
                                         "file itself there",
                                         file.string()));
  }
  DOVETAIL_TRY(std::string text, json::read_file(real, max_account_file_bytes));
  return AccountFile{.path = real, .text = Secret(std::move(text))};
}

Status replace_file(const fs::path& file, std::string_view text, const ReplaceOptions& options) {
  struct stat old {};
  const bool exists = ::stat(file.c_str(), &old) == 0;
  if (!exists && errno != ENOENT) {
    return cannot_write(file);
  }
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const fs::path draft = folder / fmt::format(".{}.new", file.filename().string());
  // What a crash left of an earlier draft is of no use.
  if (::unlink(draft.c_str()) != 0 && errno != ENOENT) {
    return cannot_write(file);
  }
  const auto give_up = [&draft](Error failure) -> Status {
    ::unlink(draft.c_str());
    return failure;
  };
  {
    const Descriptor opened(
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    if (opened.get() < 0) {
      return cannot_write(file);
    }
    // The owner first: changing it may take bits of the mode away. Only a privileged process can meet another owner here.
    const bool owned = !exists || (old.st_uid == ::geteuid() && old.st_gid == ::getegid()) ||
                       ::fchown(opened.get(), old.st_uid, old.st_gid) == 0;
    if (!owned || ::fchmod(opened.get(), exists ? old.st_mode & 07777U : options.new_mode) != 0 ||
        !write_all(opened.get(), text) || (options.durable && ::fsync(opened.get()) != 0)) {
      return give_up(cannot_write(file));
    }
  }
  if (options.expected != nullptr) {
    auto present = json::read_file(file, max_account_file_bytes);
    if (!present.ok() || !(Secret(std::move(present).value()) == *options.expected)) {
      return give_up(
          aborted(fmt::format("{} was changed by somebody else meanwhile and is left as it is", file.string())));
    }
  }
  if (::rename(draft.c_str(), file.c_str()) != 0) {
    return give_up(cannot_write(file));
  }
  return options.durable ? sync_directory(folder) : Status();
}

} // namespace dovetail::batch
