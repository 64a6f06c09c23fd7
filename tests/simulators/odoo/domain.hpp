// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "tests/simulators/odoo/world.hpp"

namespace dovetail::simulators::odoo {

/// Odoo's filter: leaves [field, operator, value] in prefix notation with "&", "|" and "!".
class Domain {
public:
  /// Errors (invalid_argument) carry Odoo's words: a field that is not there, an operator that nobody describes, a term too few.
  [[nodiscard]] static Result<Domain> parse(const World& world, const Table& table, const Value& value);

  [[nodiscard]] bool matches(const Record& record) const;
  /// Whether a leaf names this field: a domain that mentions `active` sees archived records.
  [[nodiscard]] bool mentions(std::string_view field) const noexcept { return mentions_active_ && field == "active"; }

private:
  Domain(const World& world, const Table& table) : world_(&world), table_(&table) {}
  [[nodiscard]] bool term(std::size_t& at, const Record& record) const;
  [[nodiscard]] bool leaf(const Value& leaf, const Record& record) const;

  const World* world_;
  const Table* table_;
  std::vector<Value> terms_;
  bool mentions_active_ = false;
};

} // namespace dovetail::simulators::odoo
