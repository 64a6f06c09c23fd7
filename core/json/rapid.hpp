// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one door from a Value to RapidJSON; only for the sources of this folder.

#include <rapidjson/document.h>

#include "core/json/document.hpp"

namespace dovetail::json::detail {

using Node = rapidjson::Value;

struct Access {
  [[nodiscard]] static const Node* node(const Value& value) noexcept { return static_cast<const Node*>(value.node_); }
  [[nodiscard]] static const Node* root(const Value& value) noexcept { return static_cast<const Node*>(value.root_); }
  [[nodiscard]] static Value make(const void* root, const Node* node) noexcept { return {root, node}; }
};

[[nodiscard]] inline std::string_view text_of(const Node& node) noexcept {
  return {node.GetString(), node.GetStringLength()};
}

} // namespace dovetail::json::detail
