// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "tests/simulators/bqe/records.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::simulators::bqe {

/// One comparison of a filter.
struct Term {
  enum class Operator : std::uint8_t { equal, at_least, at_most, less, greater, is_null };
  std::string field;
  Operator op = Operator::equal;
  bool quoted = false; ///< the literal stood in quotes: a text, a GUID or an instant
  std::string literal;
};

struct SortKey {
  std::string field;
  bool descending = false;
};

/// The options of a list as the documentation describes them: fields, where, orderBy, page, expand. Whatever it does not describe is an
/// Error (invalid_argument), so that a client that guesses is found out.
struct Query {
  std::vector<std::string> fields; ///< empty: all
  bool count = false;              ///< fields=COUNT(*)
  /// Any of these groups holds in all its terms ("and" binds closer than "or").
  std::vector<std::vector<Term>> where;
  std::vector<SortKey> order;
  std::vector<std::string> expand;
  std::size_t page = 1;
  std::size_t size = 25;
};

struct QueryRules {
  std::size_t max_size = 1000;
  std::size_t max_size_with_expand = 100;
  bool several_order_keys = true;
};

/// `known` gives a field's name as the service writes it, or "" for one that it does not have.
[[nodiscard]] Result<Query> parse_query(const Target& target, const QueryRules& rules,
                                        const std::function<std::string_view(std::string_view)>& known);

/// Whether a record, given by its fields, fits the filter. Errors: invalid_argument for a literal that does not fit the field's type, such as
/// a number in quotes.
[[nodiscard]] Result<bool> fits(const Query& query, const std::function<Value(std::string_view)>& field);

/// Less than zero, zero, more than zero. Null comes first.
[[nodiscard]] int compare(const Value& left, const Value& right);

} // namespace dovetail::simulators::bqe
