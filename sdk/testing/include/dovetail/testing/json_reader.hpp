// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/sdk/error.hpp"
#include "dovetail/sdk/json.hpp"

namespace dovetail::testing {

/// One value of a JsonTree.
struct JsonNode {
  sdk::JsonValue::Kind kind = sdk::JsonValue::Kind::null;
  std::string_view raw; ///< as it is written
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0; ///< for integers too
  std::string string;
  std::vector<std::string> names; ///< of an object's members, beside `items`
  std::vector<JsonNode> items;    ///< an array's elements or an object's members

  /// What stands at a JSON pointer (RFC 6901) below this value; nullptr when nothing does. Of equal names the first counts.
  [[nodiscard]] const JsonNode* find(std::string_view pointer) const;
};

/// A small strict JSON reader (RFC 8259) so that tests of plugins need no other library: at most 64 MiB and a depth of 128,
/// UTF-8 and number ranges checked. Immutable once made; may be read by several threads.
class JsonTree {
public:
  [[nodiscard]] static sdk::Result<std::shared_ptr<const JsonTree>> parse(std::string_view text);

  [[nodiscard]] const JsonNode& root() const noexcept { return root_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
  friend class JsonReader;
  std::string text_;
  JsonNode root_;
};

} // namespace dovetail::testing
