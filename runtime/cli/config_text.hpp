// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/json/document.hpp"
#include "core/json/writer.hpp"

namespace dovetail::cli {

/// A connection's config as it is put together from a JSON file and single settings. Messages never repeat values: a person may
/// have put a secret in the wrong place.
class ConfigText {
public:
  /// Takes over the members of a JSON object. Errors: invalid_argument.
  [[nodiscard]] Status add_object(std::string_view json);
  /// "key=value", the key with dots where it names a member of a member. A value that is JSON (true, 12, [..], {..}, "..") is taken as that,
  /// any other as text. Errors: invalid_argument.
  [[nodiscard]] Status add_setting(std::string_view text);
  /// As add_setting, always as text.
  void set_text(std::string_view key, std::string_view value);

  /// The object as JSON, members sorted by name.
  [[nodiscard]] std::string json() const;

private:
  struct Node {
    std::string scalar; ///< JSON of what is no object
    bool is_object = false;
    std::map<std::string, Node, std::less<>> members;
  };
  [[nodiscard]] static Node from(const json::Value& value);
  static void write(const Node& node, json::Writer& writer);

  Node root_{.scalar = {}, .is_object = true, .members = {}};
};

} // namespace dovetail::cli
