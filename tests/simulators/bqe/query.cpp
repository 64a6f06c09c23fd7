// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/bqe/query.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/base/time.hpp"

namespace dovetail::simulators::bqe {
namespace {

constexpr std::size_t longest_where = 4096;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

/// Reads a filter from left to right.
class WhereParser {
public:
  WhereParser(std::string_view text, const std::function<std::string_view(std::string_view)>& known)
      : text_(text), known_(known) {}

  Result<std::vector<std::vector<Term>>> run() {
    std::vector<std::vector<Term>> groups(1);
    for (;;) {
      DOVETAIL_TRY(auto term, this->term());
      groups.back().push_back(std::move(term));
      const std::string_view joint = word();
      if (joint.empty() && space_and_end()) {
        return groups;
      }
      if (equal_ignoring_case(joint, "or")) {
        groups.emplace_back();
      } else if (!equal_ignoring_case(joint, "and")) {
        return wrong("\"and\" or \"or\" is wanted");
      }
    }
  }

private:
  Error wrong(std::string_view what) const {
    return invalid_argument(fmt::format("where, at character {}: {}", at_, what));
  }
  void space() {
    while (at_ < text_.size() && text_[at_] == ' ') {
      ++at_;
    }
  }
  bool space_and_end() {
    space();
    return at_ == text_.size();
  }
  std::string_view word() {
    space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0)) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  Result<Term> term() {
    Term made;
    const std::string_view name = word();
    made.field = known_(name);
    if (name.empty() || made.field.empty()) {
      return wrong(fmt::format("there is no field \"{}\"", name));
    }
    space();
    const std::size_t before = at_;
    if (equal_ignoring_case(word(), "is") && equal_ignoring_case(word(), "null")) {
      made.op = Term::Operator::is_null;
      return made;
    }
    at_ = before;
    constexpr std::array<std::pair<std::string_view, Term::Operator>, 5> operators{{{">=", Term::Operator::at_least},
                                                                                    {"<=", Term::Operator::at_most},
                                                                                    {"=", Term::Operator::equal},
                                                                                    {">", Term::Operator::greater},
                                                                                    {"<", Term::Operator::less}}};
    for (const auto& [sign, op] : operators) {
      if (text_.substr(at_).starts_with(sign)) {
        at_ += sign.size();
        made.op = op;
        DOVETAIL_TRY_STATUS(literal(made));
        return made;
      }
    }
    return wrong("an operator is wanted: = >= <= > < or \"is null\"");
  }

  Status literal(Term& term) {
    space();
    if (at_ < text_.size() && text_[at_] == '\'') {
      term.quoted = true;
      for (++at_; at_ < text_.size(); ++at_) {
        if (text_[at_] == '\'' && text_.substr(at_ + 1, 1) != "'") {
          ++at_;
          return {};
        }
        if (text_[at_] == '\'') {
          ++at_; // a doubled quote is one
        }
        term.literal += text_[at_];
      }
      return wrong("a quote is not closed");
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ' ') {
      ++at_;
    }
    term.literal = text_.substr(begin, at_ - begin);
    return term.literal.empty() ? Status(wrong("a value is wanted")) : Status();
  }

  std::string_view text_;
  const std::function<std::string_view(std::string_view)>& known_;
  std::size_t at_ = 0;
};

Result<std::size_t> whole_number(std::string_view text, std::string_view what) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return invalid_argument(fmt::format("{} must be a whole number", what));
  }
  return value;
}

Status read_page(std::string_view text, const QueryRules& rules, Query& query) {
  const auto parts = split(text, ',');
  if (parts.size() != 2) {
    return invalid_argument("page must be <number>,<size>");
  }
  DOVETAIL_TRY(query.page, whole_number(parts[0], "the page"));
  DOVETAIL_TRY(query.size, whole_number(parts[1], "the page's size"));
  // Older samples of the vendor count pages from 0.
  query.page = std::max<std::size_t>(query.page, 1);
  const std::size_t most = query.expand.empty() ? rules.max_size : rules.max_size_with_expand;
  if (query.size == 0 || query.size > most) {
    return invalid_argument(fmt::format("the page's size must be 1 to {}", most));
  }
  return {};
}

Status read_order(std::string_view text, const QueryRules& rules,
                  const std::function<std::string_view(std::string_view)>& known, Query& query) {
  for (const std::string_view part : split(text, ',')) {
    const auto blank = part.find(' ');
    const std::string_view way = blank == std::string_view::npos ? "asc" : trimmed(part.substr(blank));
    SortKey key{.field = std::string(known(part.substr(0, blank))), .descending = equal_ignoring_case(way, "desc")};
    if (key.field.empty() || (!key.descending && !equal_ignoring_case(way, "asc"))) {
      return invalid_argument(fmt::format("orderBy: \"{}\" names no field and direction", part));
    }
    query.order.push_back(std::move(key));
  }
  return query.order.size() > 1 && !rules.several_order_keys ? Status(invalid_argument("orderBy takes one field"))
                                                             : Status();
}

Result<bool> holds(const Term& term, const Value& value) {
  if (term.op == Term::Operator::is_null) {
    return value.kind == Value::Kind::null;
  }
  if (value.kind == Value::Kind::null) {
    return false;
  }
  Value wanted;
  if (value.kind == Value::Kind::number || value.kind == Value::Kind::boolean) {
    double number = 0;
    const auto [end, error] = std::from_chars(term.literal.data(), term.literal.data() + term.literal.size(), number);
    if (term.quoted || error != std::errc() || end != term.literal.data() + term.literal.size()) {
      return invalid_argument(fmt::format("where: {} takes a bare number", term.field));
    }
    wanted = {value.kind, number, {}};
  } else if (!term.quoted) {
    return invalid_argument(fmt::format("where: the value of {} stands in single quotes", term.field));
  } else if (value.kind == Value::Kind::instant) {
    const auto time = parse_iso8601(term.literal);
    if (!time) {
      return invalid_argument(fmt::format("where: {} takes an instant such as '2026-11-19T23:55:00'", term.field));
    }
    wanted = {value.kind, std::chrono::duration<double>(time->time_since_epoch()).count(), {}};
  } else {
    wanted = {value.kind, 0, term.literal};
  }
  const int order = compare(value, wanted);
  switch (term.op) {
  case Term::Operator::equal:
    return order == 0;
  case Term::Operator::at_least:
    return order >= 0;
  case Term::Operator::at_most:
    return order <= 0;
  case Term::Operator::less:
    return order < 0;
  default:
    return order > 0;
  }
}

} // namespace

Result<Query> parse_query(const Target& target, const QueryRules& rules,
                          const std::function<std::string_view(std::string_view)>& known) {
  Query query;
  std::set<std::string> seen;
  std::string_view page;
  std::string_view order;
  for (const auto& [name, value] : target.query) {
    const std::string option = lower_case(name);
    if (!seen.insert(option).second) {
      return invalid_argument(fmt::format("\"{}\" stands twice", name));
    }
    if (option == "fields") {
      query.count = equal_ignoring_case(trimmed(value), "COUNT(*)");
      for (const std::string_view field :
           query.count || value == "*" ? std::vector<std::string_view>() : split(value, ',')) {
        const std::string_view found = known(field);
        if (found.empty()) {
          return invalid_argument(fmt::format("fields: there is no field \"{}\"", field));
        }
        query.fields.emplace_back(found);
      }
    } else if (option == "where") {
      if (value.size() > longest_where) {
        return invalid_argument("where is too long");
      }
      DOVETAIL_TRY(query.where, WhereParser(value, known).run());
    } else if (option == "orderby") {
      order = value;
    } else if (option == "page") {
      page = value;
    } else if (option == "expand") {
      for (const std::string_view field : split(value, ',')) {
        if (known(field).empty()) {
          return invalid_argument(fmt::format("expand: there is no field \"{}\"", field));
        }
        query.expand.emplace_back(field);
      }
    } else {
      return invalid_argument(fmt::format("\"{}\" is no option of a list", name));
    }
  }
  if (query.count && (!order.empty() || !page.empty())) {
    return invalid_argument("COUNT(*) cannot be combined with orderBy or page");
  }
  if (!page.empty()) {
    DOVETAIL_TRY_STATUS(read_page(page, rules, query));
  }
  if (!order.empty()) {
    DOVETAIL_TRY_STATUS(read_order(order, rules, known, query));
  }
  return query;
}

Result<bool> fits(const Query& query, const std::function<Value(std::string_view)>& field) {
  if (query.where.empty()) {
    return true;
  }
  bool any = false;
  for (const auto& group : query.where) {
    bool all = true;
    for (const Term& term : group) {
      DOVETAIL_TRY(const bool one, holds(term, field(term.field)));
      all = all && one;
    }
    any = any || all;
  }
  return any;
}

int compare(const Value& left, const Value& right) {
  if (left.kind == Value::Kind::null || right.kind == Value::Kind::null) {
    return (left.kind == Value::Kind::null ? 0 : 1) - (right.kind == Value::Kind::null ? 0 : 1);
  }
  if (left.kind == Value::Kind::text || left.kind == Value::Kind::json) {
    return left.text.compare(right.text);
  }
  return left.number < right.number ? -1 : (left.number > right.number ? 1 : 0);
}

} // namespace dovetail::simulators::bqe
