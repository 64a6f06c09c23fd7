// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/odoo/domain.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "tests/simulators/handler.hpp"

namespace dovetail::simulators::odoo {
namespace {

constexpr auto operators =
    std::to_array<std::string_view>({"=", "!=", ">", ">=", "<", "<=", "=?", "in", "not in", "like", "not like", "ilike",
                                     "not ilike", "=like", "=ilike", "child_of", "parent_of"});

bool is_connective(const Value& term) {
  return term.is(Value::Kind::text) && (term.text == "&" || term.text == "|" || term.text == "!");
}

/// SQL's LIKE: '%' is anything, '_' one byte.
bool like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) {
    return text.empty();
  }
  if (pattern.front() == '%') {
    for (std::size_t skipped = 0; skipped <= text.size(); ++skipped) {
      if (like(text.substr(skipped), pattern.substr(1))) {
        return true;
      }
    }
    return false;
  }
  return !text.empty() && (pattern.front() == '_' || pattern.front() == text.front()) &&
         like(text.substr(1), pattern.substr(1));
}

bool less(const Value& left, const Value& right) {
  if (left.is(Value::Kind::text) && right.is(Value::Kind::text)) {
    return left.text < right.text;
  }
  const auto number = [](const Value& value) {
    return value.is(Value::Kind::real) ? value.real : static_cast<double>(value.integer);
  };
  return number(left) < number(right);
}

bool equal(const Value& left, const Value& right) {
  // Empty is false, and false is empty.
  const auto empty = [](const Value& value) {
    return value.is(Value::Kind::none) || (value.is(Value::Kind::boolean) && value.integer == 0);
  };
  if (empty(left) || empty(right)) {
    return empty(left) && empty(right);
  }
  if (left.is(Value::Kind::list)) {
    return std::any_of(left.items.begin(), left.items.end(), [&](const Value& item) { return equal(item, right); });
  }
  return left.kind == right.kind ? left == right : (left.integer == right.integer && left.text == right.text);
}

bool compare(const Value& value, std::string_view op, const Value& wanted) {
  const bool known = !value.is(Value::Kind::none);
  if (op == "=" || op == "!=") {
    return equal(value, wanted) == (op == "=");
  }
  if (op == "=?") {
    return !wanted.truthy() || equal(value, wanted);
  }
  if (op == "in" || op == "not in") {
    const bool found =
        std::any_of(wanted.items.begin(), wanted.items.end(), [&](const Value& item) { return equal(value, item); });
    return found == (op == "in");
  }
  if (op == ">" || op == "<=") {
    return known && less(wanted, value) == (op == ">");
  }
  if (op == "<" || op == ">=") {
    return known && less(value, wanted) == (op == "<");
  }
  const bool folds = op.find("ilike") != std::string_view::npos;
  const auto text = folds ? lower_case(value.text) : value.text;
  auto pattern = folds ? lower_case(wanted.text) : wanted.text;
  if (!op.starts_with('=')) {
    pattern = "%" + pattern + "%";
  }
  return (known && like(text, pattern)) != op.starts_with("not ");
}

} // namespace

Result<Domain> Domain::parse(const World& world, const Table& table, const Value& value) {
  Domain domain(world, table);
  if (!value.is(Value::Kind::list)) {
    return invalid_argument("a domain is a list");
  }
  std::ptrdiff_t wanted = 1;
  for (const auto& term : value.items) {
    if (is_connective(term)) {
      wanted += term.text == "!" ? 0 : 1;
      domain.terms_.push_back(term);
      continue;
    }
    if (!term.is(Value::Kind::list) || term.items.size() != 3 || !term.items[0].is(Value::Kind::text)) {
      return invalid_argument("Invalid leaf in a domain");
    }
    const auto& path = term.items[0].text;
    const auto name = path.substr(0, path.find('.'));
    if (table.spec.field(name) == nullptr) {
      return invalid_argument(fmt::format("Invalid field {}.{} in condition ('{}', '{}', ...)", table.spec.name, name,
                                          path, term.items[1].text));
    }
    if (std::find(operators.begin(), operators.end(), term.items[1].text) == operators.end()) {
      return invalid_argument(fmt::format("Invalid operator '{}'", term.items[1].text));
    }
    domain.mentions_active_ = domain.mentions_active_ || name == "active";
    // Terms that nothing joins are joined by "&".
    if (wanted == 0) {
      domain.terms_.insert(domain.terms_.begin(), Value("&"));
      ++wanted;
    }
    --wanted;
    domain.terms_.push_back(term);
  }
  if (wanted != 0 && !domain.terms_.empty()) {
    return invalid_argument("Malformed domain: a term is missing");
  }
  return domain;
}

bool Domain::matches(const Record& record) const {
  if (terms_.empty()) {
    return true;
  }
  std::size_t at = 0;
  return term(at, record);
}

bool Domain::term(std::size_t& at, const Record& record) const {
  const Value& here = terms_[at++];
  if (!is_connective(here)) {
    return leaf(here, record);
  }
  const bool first = term(at, record);
  if (here.text == "!") {
    return !first;
  }
  const bool second = term(at, record);
  return here.text == "&" ? first && second : first || second;
}

bool Domain::leaf(const Value& leaf, const Record& record) const {
  const auto& path = leaf.items[0].text;
  const auto& op = leaf.items[1].text;
  const auto& wanted = leaf.items[2];
  // A path leads through related records.
  if (const auto dot = path.find('.'); dot != std::string::npos) {
    const auto* const field = table_->spec.field(path.substr(0, dot));
    const auto* const other = world_->table(field->relation);
    const auto id = World::stored(record, field->name).integer;
    const auto found = other == nullptr ? decltype(other->records.end()){} : other->records.find(id);
    if (other == nullptr || found == other->records.end()) {
      return compare(Value(), op, wanted);
    }
    auto inner = leaf;
    inner.items[0].text = path.substr(dot + 1);
    Domain there(*world_, *other);
    return there.leaf(inner, found->second);
  }
  if (op == "child_of" || op == "parent_of") {
    const bool relation = path != "id";
    const auto& nodes = relation ? world_->table(table_->spec.field(path)->relation)->records : table_->records;
    std::int64_t from = relation ? World::stored(record, path).integer : record.id;
    std::int64_t to = wanted.integer;
    if (op == "parent_of") {
      std::swap(from, to);
    }
    for (auto at = nodes.find(from); at != nodes.end();
         at = nodes.find(World::stored(at->second, "parent_id").integer)) {
      if (at->first == to) {
        return true;
      }
    }
    return false;
  }
  return compare(World::stored(record, path), op, wanted);
}

} // namespace dovetail::simulators::odoo
