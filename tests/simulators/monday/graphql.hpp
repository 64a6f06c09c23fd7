// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

/// As much of GraphQL as a client of the simulated API needs: one operation with variables, aliases, arguments, inline fragments, named fragments.
namespace dovetail::simulators::monday {

/// An argument's or a variable's value.
struct Value {
  enum class Kind : std::uint8_t { null, boolean, integer, real, string, name, list, object, variable };
  Kind kind = Kind::null;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text; ///< of a string, an enum's name or a variable
  std::vector<Value> items;
  std::vector<std::pair<std::string, Value>> members;

  [[nodiscard]] bool is_null() const noexcept { return kind == Kind::null; }
  [[nodiscard]] const Value* member(std::string_view name) const noexcept;
  /// A string, an enum's name, or a whole number as text: what an ID may be written as. "" for the rest.
  [[nodiscard]] std::string id() const;
};

/// One entry of a selection set: a field, an inline fragment or the spread of a named one.
struct Selection {
  enum class Kind : std::uint8_t { field, inline_fragment, spread };
  Kind kind = Kind::field;
  std::string alias; ///< of a field: what it is called in the answer
  std::string name;  ///< of the field or the fragment
  std::string on;    ///< type condition of an inline fragment
  std::vector<std::pair<std::string, Value>> arguments;
  std::vector<Selection> selections;

  [[nodiscard]] const Value* argument(std::string_view argument_name) const noexcept;
};

struct Fragment {
  std::string on;
  std::vector<Selection> selections;
};

struct Variable {
  std::string name;
  std::string type; ///< as written: "[ID!]"
  std::optional<Value> otherwise;
};

struct Document {
  bool mutation = false;
  std::vector<Variable> variables;
  std::vector<Selection> selections;
  std::map<std::string, Fragment, std::less<>> fragments;
};

/// Errors: invalid_argument with line and column.
[[nodiscard]] Result<Document> parse_document(std::string_view text);
/// The members of a JSON object as values; a text that is no object is an error.
[[nodiscard]] Result<std::map<std::string, Value, std::less<>>> parse_variables(std::string_view json);
/// Puts variables in the place of their names, everywhere in the document. Errors: a variable that is not declared, declared and not used, not given
/// though its type ends with "!", or given without being declared.
[[nodiscard]] Status substitute(Document& document, const std::map<std::string, Value, std::less<>>& variables);

} // namespace dovetail::simulators::monday
