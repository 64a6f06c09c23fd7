// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/simulators/bqe/world.hpp"
#include "tests/simulators/json_text.hpp"

namespace dovetail::simulators::bqe {

/// Forms in which the service has been seen to answer, and which nobody can tell from its documentation.
struct ShapeOptions {
  bool client_as_object = false; ///< a project's `client` is {"id":...,"name":...}
  bool enums_as_text = false;    ///< "0" for 0
  bool zulu = false;             ///< instants with a Z behind
  bool fractions = false;        ///< instants with three digits behind the second
};

/// What stands in one field of a record: what filters and orders compare, and what is sent.
struct Value {
  enum class Kind : std::uint8_t { null, boolean, number, text, instant, json };
  Kind kind = Kind::null;
  double number = 0; ///< also of an instant: Unix seconds
  std::string text;  ///< also JSON that is written as it is
  bool is_enum = false;
  std::string object = {}; ///< JSON that may be sent instead of the text
};

/// The names of all fields of an entity that are served, sensitive ones among them.
[[nodiscard]] const std::vector<std::string_view>& fields_of(Entity entity);
/// The name as the service writes it, found without regard to case; empty when there is no such field.
[[nodiscard]] std::string_view find_field(Entity entity, std::string_view name);
/// Precondition: the field exists.
[[nodiscard]] Value value_of(const World& world, Entity entity, std::size_t place, std::string_view field);
void write_value(JsonText& out, const Value& value, const ShapeOptions& shape);

[[nodiscard]] const std::vector<std::string_view>& deletion_fields();
[[nodiscard]] Value value_of(const Deletion& deletion, std::string_view field);

/// "2026-11-19T23:55:00"
[[nodiscard]] std::string naive_instant(sys_seconds time);

} // namespace dovetail::simulators::bqe
