// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/base/limits.hpp"
#include "core/plugin/page.hpp"

namespace dovetail::plugin {

/// A body that the plugin built: a copy with the padding that the JSON engines want behind it.
class OwnedBody final : public PageBody {
public:
  explicit OwnedBody(std::string_view bytes) : size_(bytes.size()) {
    padded_.reserve(bytes.size() + limits::json_padding);
    padded_.append(bytes).append(limits::json_padding, '\0');
  }
  [[nodiscard]] std::string_view bytes() const noexcept override { return std::string_view(padded_).substr(0, size_); }

private:
  std::size_t size_;
  std::string padded_;
};

} // namespace dovetail::plugin
