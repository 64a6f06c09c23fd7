// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/plugin/host_call.hpp"
#include "dovetail/abi/action.h"

namespace dovetail::plugin {

/// What an action may take and give.
struct ActionLimits {
  static constexpr std::size_t input_bytes = std::size_t{256} << 10U;
  static constexpr std::size_t output_bytes = std::size_t{64} << 10U;
  static constexpr std::size_t key_bytes = 128; ///< of an idempotency key
};

/// What is to be done; see dvt_action_request. Borrowed for the call.
struct ActionRequest {
  std::string_view action;
  std::string_view input; ///< a JSON object
  std::string_view idempotency_key;
  bool repeated = false; ///< an earlier attempt may have reached the provider
};

/// Whether `key` can be an idempotency key: 1 to 128 visible ASCII characters. The Error (invalid_argument) says so.
[[nodiscard]] Status check_idempotency_key(std::string_view key);

/// Stands behind the dvt_action_sink of one action and holds the plugin to its rules. Lives as long as the frame; not thread-safe.
class ActionCollector {
public:
  explicit ActionCollector(HostCall& frame);

  [[nodiscard]] const dvt_action_sink* raw() const noexcept { return &sink_; }
  /// The output, or why there is none; a success without an output is an Error.
  [[nodiscard]] Result<std::string> outcome(Status of_call, std::string_view plugin) &&;

private:
  [[nodiscard]] Status output(std::string_view json);

  HostCall& frame_;
  dvt_action_sink sink_{};
  std::optional<std::string> output_;
};

} // namespace dovetail::plugin
