// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "dovetail/abi/plugin.h"

namespace dovetail::plugin {

/// A plugin's shared object, opened with all symbols bound at once and none shared with others. It stays in the process for good:
/// C++ objects with unique symbols or thread-local state make unloading unsafe. Movable.
class Library {
public:
  /// `name` is for messages. Errors (failed_precondition): it cannot be opened, or lacks dvt_plugin_query.
  [[nodiscard]] static Result<Library> open(std::string_view name, const std::filesystem::path& file);

  Library(Library&&) noexcept;
  Library& operator=(Library&&) noexcept;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library();

  [[nodiscard]] dvt_plugin_query_fn query() const noexcept { return query_; }

private:
  struct State;
  Library(std::unique_ptr<State> state, dvt_plugin_query_fn query) noexcept;
  std::unique_ptr<State> state_;
  dvt_plugin_query_fn query_;
};

} // namespace dovetail::plugin
