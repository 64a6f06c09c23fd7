// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/secret_sources.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/base/ids.hpp"

namespace dovetail::cli {
namespace {

class Descriptor {
public:
  explicit Descriptor(const std::string& path)
      : value_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)),
        owned_(path != "-") {} // NOLINT(*-vararg)
  ~Descriptor() {
    if (owned_ && value_ >= 0) {
      ::close(value_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  [[nodiscard]] int value() const noexcept { return value_; }

private:
  int value_;
  bool owned_;
};

Error cannot_read(const std::string& path, int error) {
  const std::string message = fmt::format("{} cannot be read: {}", path, std::generic_category().message(error));
  return error == ENOENT ? not_found(message) : permission_denied(message);
}

} // namespace

Result<Secret> read_secret_variable(const std::string& name) {
  const char* const value =
      std::getenv(name.c_str()); // NOLINT(concurrency-mt-unsafe): nothing in the program sets variables
  if (value == nullptr || *value == '\0') {
    return not_found(fmt::format("the environment variable {} is not set", name));
  }
  const std::string_view text(value);
  if (text.size() > limits::max_secret_bytes) {
    return resource_exhausted(
        fmt::format("the environment variable {} holds more than {} bytes", name, limits::max_secret_bytes));
  }
  return Secret(text);
}

Result<Secret> read_secret_file(const std::string& path, std::size_t max_bytes) {
  const Descriptor file(path);
  if (file.value() < 0) {
    return cannot_read(path, errno);
  }
  struct stat status {};
  if (::fstat(file.value(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return invalid_argument(fmt::format("{} is a directory", path));
  }
  // The whole room at once: a growing string would leave copies in freed memory.
  std::string text(max_bytes + 2, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.value(), text.data() + size, text.size() - size);
    if (got < 0 && errno != EINTR) {
      const int error = errno;
      wipe(text.data(), text.size());
      return cannot_read(path, error);
    }
    if (got == 0) {
      break;
    }
    size += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  std::string_view read(text.data(), size);
  for (const char end : {'\n', '\r'}) {
    if (!read.empty() && read.back() == end) {
      read.remove_suffix(1);
    }
  }
  const bool fits = read.size() <= max_bytes;
  Secret secret(fits ? read : std::string_view());
  wipe(text.data(), text.size());
  if (!fits) {
    return resource_exhausted(fmt::format("{} holds more than {} bytes", path, max_bytes));
  }
  if (secret.empty()) {
    return invalid_argument(fmt::format("{} is empty", path));
  }
  return secret;
}

Result<std::map<std::string, std::string>> parse_sources(std::string_view option,
                                                         const std::vector<std::string>& texts) {
  std::map<std::string, std::string> sources;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size() ||
        !check_name("secret", text.substr(0, equals)).ok()) {
      return invalid_argument(
          fmt::format("--{} takes the secret's name, '=', and where its value is to be found", option));
    }
    if (!sources.emplace(text.substr(0, equals), text.substr(equals + 1)).second) {
      return invalid_argument(fmt::format("--{} names the secret {} twice", option, text.substr(0, equals)));
    }
  }
  return sources;
}

} // namespace dovetail::cli
