// SPDX-License-Identifier: Apache-2.0
#include "core/json/file.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

namespace dovetail::json {
namespace {

Error cannot(std::string_view what, const std::filesystem::path& path, const std::error_code& error) {
  auto message = fmt::format("cannot {} {}: {}", what, path.string(), error.message());
  if (error == std::errc::no_such_file_or_directory) {
    return not_found(std::move(message));
  }
  return error == std::errc::permission_denied ? permission_denied(std::move(message))
                                               : unavailable(std::move(message));
}

} // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error) {
    return cannot("read", path, error);
  }
  if (!std::filesystem::is_regular_file(status)) {
    return status.type() == std::filesystem::file_type::not_found
               ? not_found(fmt::format("cannot read {}: no such file", path.string()))
               : invalid_argument(fmt::format("cannot read {}: not a regular file", path.string()));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return cannot("read", path, std::error_code(errno, std::generic_category()));
  }
  // The size is not asked for but found: a file may grow while it is read.
  std::string text(max_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) {
    return unavailable(fmt::format("cannot read {}: the read failed midway", path.string()));
  }
  const auto size = static_cast<std::size_t>(file.gcount());
  if (size > max_bytes) {
    return resource_exhausted(fmt::format("{} is longer than {} bytes", path.string(), max_bytes));
  }
  text.resize(size);
  text.shrink_to_fit();
  return text;
}

Result<std::vector<std::filesystem::path>> list_json_files(const std::filesystem::path& directory,
                                                           std::size_t max_files) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  auto entry = std::filesystem::directory_iterator(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const auto& path = entry->path();
    if (path.extension() != ".json" || path.filename().string().starts_with('.')) {
      continue;
    }
    if (files.size() == max_files) {
      return resource_exhausted(fmt::format("{} holds more than {} .json files", directory.string(), max_files));
    }
    files.push_back(path);
  }
  if (error) {
    return cannot("list", directory, error);
  }
  std::sort(files.begin(), files.end());
  return files;
}

} // namespace dovetail::json
