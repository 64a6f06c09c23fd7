// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "dovetail/abi/base.h"

namespace dovetail::plugin {

[[nodiscard]] inline std::string_view to_view(dvt_slice slice) noexcept {
  return slice.size == 0 || slice.data == nullptr ? std::string_view{}
                                                  : std::string_view(slice.data, static_cast<std::size_t>(slice.size));
}

[[nodiscard]] constexpr dvt_slice to_slice(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// Foreign text made fit for logs and messages: at most `max_bytes` of it, cut between characters; bytes that are not UTF-8 become
/// U+FFFD, control characters blanks.
[[nodiscard]] std::string clean_text(std::string_view text, std::size_t max_bytes);

} // namespace dovetail::plugin
