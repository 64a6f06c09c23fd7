// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/plugin/host_call.hpp"
#include "core/plugin/page.hpp"
#include "dovetail/abi/sync.h"

namespace dovetail::plugin {

/// Stands between a plugin and the engine's PageSink: it holds the plugin to the rules of dvt_page_sink and passes on what keeps them. Lives as
/// long as the frame of its read_page; not thread-safe.
class PageWriter {
public:
  PageWriter(HostCall& frame, PageSink& sink, std::string_view cursor);

  [[nodiscard]] const dvt_page_sink* raw() const noexcept { return &sink_; }
  /// Turns a success without finish() into an Error, and an Error of the engine's sink into the call's, whatever the plugin made of it.
  [[nodiscard]] Status outcome(Status of_call, std::string_view plugin);

private:
  template <typename Work>
  static dvt_code serve_sink(const dvt_call* call, const dvt_page_sink* sink, const char* function,
                             Work&& work) noexcept;
  [[nodiscard]] Status records(const dvt_records* records);
  [[nodiscard]] Status unchanged(std::string_view page_key);
  [[nodiscard]] Status set_state(std::string_view key, std::string_view value);
  [[nodiscard]] Status finish(const dvt_page_end* end);
  [[nodiscard]] Result<PageRecords> checked(const dvt_records& records);
  [[nodiscard]] Status engine(Status status);

  HostCall& frame_;
  PageSink& target_;
  const std::string_view cursor_;
  dvt_page_sink sink_{};
  std::size_t records_ = 0;
  std::size_t states_ = 0;
  bool finished_ = false;
  std::optional<Error> engine_error_;
};

/// A JSON object of at most CallLimits::constants scalars, read. "" gives none.
[[nodiscard]] Result<std::vector<PageConstant>> read_constants(std::string_view json);

} // namespace dovetail::plugin
