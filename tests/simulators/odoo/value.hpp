// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rapidjson/document.h>

#include "tests/simulators/json_text.hpp"

namespace dovetail::simulators::odoo {

/// What a field holds and what a call carries. `none` is Odoo's empty value, which it shows as false.
struct Value {
  enum class Kind : std::uint8_t { none, boolean, integer, real, text, list, structure };
  using Members = std::vector<std::pair<std::string, Value>>;

  Value() = default;
  Value(bool flag) : kind(Kind::boolean), integer(flag ? 1 : 0) {}           // NOLINT(google-explicit-constructor)
  Value(int number) : kind(Kind::integer), integer(number) {}                // NOLINT(google-explicit-constructor)
  Value(std::int64_t number) : kind(Kind::integer), integer(number) {}       // NOLINT(google-explicit-constructor)
  Value(double number) : kind(Kind::real), real(number) {}                   // NOLINT(google-explicit-constructor)
  Value(std::string content) : kind(Kind::text), text(std::move(content)) {} // NOLINT(google-explicit-constructor)
  Value(const char* content) : kind(Kind::text), text(content) {}            // NOLINT(google-explicit-constructor)
  // NOLINTNEXTLINE(google-explicit-constructor)
  Value(std::vector<Value> content) : kind(Kind::list), items(std::move(content)) {}
  Value(Members content) : kind(Kind::structure), members(std::move(content)) {} // NOLINT(google-explicit-constructor)

  Kind kind = Kind::none;
  std::int64_t integer = 0; ///< a boolean's too
  double real = 0;
  std::string text;
  std::vector<Value> items;
  Members members;

  [[nodiscard]] bool is(Kind wanted) const noexcept { return kind == wanted; }
  /// Python's truth.
  [[nodiscard]] bool truthy() const noexcept;
  /// The member of that name; nullptr when there is none.
  [[nodiscard]] const Value* find(std::string_view name) const noexcept;

  friend bool operator==(const Value&, const Value&) = default;
};

/// A float as Python writes it.
[[nodiscard]] std::string float_text(double number);
[[nodiscard]] Value from_json(const rapidjson::Value& json);
void write_json(JsonText& out, const Value& value);

} // namespace dovetail::simulators::odoo
