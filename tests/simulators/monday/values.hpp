// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "tests/simulators/json_text.hpp"
#include "tests/simulators/monday/schema.hpp"
#include "tests/simulators/monday/world.hpp"

namespace dovetail::simulators::monday {

/// One column's value of one item, with what it takes to phrase it.
struct ValueView {
  const World& world;
  const Board& board;
  const Item& item;
  const Column& column;
  const Cell& cell;
};

/// The field "text": for people, in the token user's time zone and words. nullopt: null.
[[nodiscard]] std::optional<std::string> text_of(const ValueView& view);
/// The field "value": JSON in a string. nullopt: null.
[[nodiscard]] std::optional<std::string> value_json(const ValueView& view);
/// Writes the object that the selections ask for.
void write_value(JsonText& out, const Document& document, const std::vector<Selection>& selections,
                 const ValueView& view);

/// What a writer may put into a column: reads the JSON of a column's value into `cell`. The error is the service's message.
[[nodiscard]] Status read_value(const Value& json, World& world, Column& column, bool create_labels, Second now,
                                Cell& cell);

} // namespace dovetail::simulators::monday
