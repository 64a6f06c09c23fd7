// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json/document.hpp"
#include "core/mapping/page_mapper.hpp"
#include "core/model/model.hpp"

// What the tests of this module share.

namespace dovetail::mapping {

/// A model with columns of every type.
[[nodiscard]] inline model::Model thing_model() {
  using model::FieldType;
  model::Model made;
  made.name = "thing";
  const auto add = [&made](std::string name, FieldType type, bool pii = false) {
    made.fields.push_back({std::move(name), type, "", pii});
  };
  add("name", FieldType::text);
  add("number", FieldType::integer);
  add("amount", FieldType::real);
  add("flag", FieldType::boolean);
  add("created_at", FieldType::timestamp);
  add("due", FieldType::date);
  add("labels", FieldType::json);
  add("state", FieldType::text);
  add("email", FieldType::text, true);
  add("birthday", FieldType::date, true);
  add("other", FieldType::text);
  add("count", FieldType::integer);
  add("payload", FieldType::json);
  model::DerivedField derived;
  derived.field.name = "age";
  made.derived.push_back(derived);
  return made;
}

/// A text with the readable bytes behind it that the engines may look at: hostile ones, so that a reader that goes too far shows.
class Page {
public:
  explicit Page(std::string_view text) : size_(text.size()), bytes_(text) {
    constexpr std::string_view bait = "\"}]}]}]0,{\"id\":[1e5,null,\"";
    while (bytes_.size() < size_ + limits::json_padding) {
      bytes_ += bait;
    }
    bytes_.resize(size_ + limits::json_padding);
    bytes_.shrink_to_fit();
  }
  [[nodiscard]] PaddedBytes bytes() const noexcept { return {bytes_.data(), size_}; }

private:
  std::size_t size_;
  std::string bytes_;
};

} // namespace dovetail::mapping
