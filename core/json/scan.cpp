// SPDX-License-Identifier: Apache-2.0
#include "core/json/scan.hpp"

#include <algorithm>
#include <bitset>
#include <cassert>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/json/bytes.hpp"
#include "core/json/check.hpp"
#include "core/json/number.hpp"
#include "core/json/pointer.hpp"

namespace dovetail::json {

/// The pointers merged by their common steps.
struct PointerSet::Trie {
  struct Branch {
    std::string step;
    std::optional<std::size_t> index; ///< the step as an array index
    std::size_t node = 0;
  };
  struct Node {
    std::vector<Branch> branches;
    std::vector<std::size_t> slots; ///< the pointers that end here
  };
  std::vector<Node> nodes; ///< nodes[0] is the root
  std::size_t size = 0;
};

namespace {

using detail::skip_space;
using Trie = PointerSet::Trie;

constexpr std::size_t max_pointers = 1024;

[[nodiscard]] bool ends_scalar(char c) noexcept {
  return detail::is_space(c) || c == ',' || c == ']' || c == '}' || c == ':';
}

/// Moves over a text. Each step returns false, and leaves the place alone, where the text is broken.
class Scanner {
public:
  explicit Scanner(std::string_view text) : p_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] char peek() {
    p_ = skip_space(p_, end_);
    return p_ == end_ ? '\0' : *p_;
  }

  /// Skips one value, and tells what it is.
  bool value(Found& out) {
    const char first = peek();
    const char* const begin = p_;
    bool good = false;
    out = Found{};
    if (first == '"') {
      out.kind = Kind::string;
      good = string();
    } else if (first == '{' || first == '[') {
      out.kind = first == '{' ? Kind::object : Kind::array;
      good = container(out.integer);
    } else {
      good = scalar(out);
    }
    out.raw = {begin, static_cast<std::size_t>(p_ - begin)};
    return good;
  }

  /// At '{' or '[': goes in. `empty` when the container closes at once (and is left again).
  void enter(bool& empty) {
    const char closer = *p_ == '{' ? '}' : ']';
    ++p_;
    empty = peek() == closer;
    if (empty) {
      ++p_;
    }
  }

  /// After a value in a container: over the comma to the next one, or out of it with `last`.
  bool next(bool object, bool& last) {
    const char c = peek();
    if (c != ',' && c != (object ? '}' : ']')) {
      return false;
    }
    ++p_;
    last = c != ',';
    return true;
  }

  /// Reads a member's name, unescaped, and the colon.
  bool name(std::string_view& out, std::string& scratch) {
    if (peek() != '"') {
      return false;
    }
    const char* const begin = p_;
    if (!string()) {
      return false;
    }
    auto text = unescape({begin, static_cast<std::size_t>(p_ - begin)}, scratch);
    if (!text.ok() || peek() != ':') {
      return false;
    }
    out = *text;
    ++p_;
    return true;
  }

  [[nodiscard]] const char* place() const noexcept { return p_; }

private:
  bool string() {
    const char* p = p_ + 1;
    while (true) {
      p = detail::skip_to_quote(p, end_);
      if (p == end_) {
        return false;
      }
      if (*p == '"') {
        p_ = p + 1;
        return true;
      }
      if (end_ - p < 2) {
        return false;
      }
      p += 2;
    }
  }

  bool container(std::int64_t& count) {
    std::bitset<limits::max_json_depth> objects;
    std::size_t depth = 0;
    std::int64_t commas = 0;
    bool empty = true;
    while (p_ != end_) {
      const char c = *p_;
      switch (c) {
      case '"':
        empty = false;
        if (!string()) {
          return false;
        }
        continue;
      case '{':
      case '[':
        if (depth == limits::max_json_depth) {
          return false;
        }
        empty = empty && depth == 0;
        objects[depth++] = c == '{';
        break;
      case '}':
      case ']':
        if (objects[depth - 1] != (c == '}')) {
          return false;
        }
        if (--depth == 0) {
          ++p_;
          count = empty ? 0 : commas + 1;
          return true;
        }
        break;
      case ',':
        commas += depth == 1 ? 1 : 0;
        break;
      default:
        empty = empty && detail::is_space(c);
        break;
      }
      ++p_;
    }
    return false;
  }

  bool scalar(Found& out) {
    const char* end = p_;
    while (end != end_ && !ends_scalar(*end)) {
      ++end;
    }
    const std::string_view text(p_, static_cast<std::size_t>(end - p_));
    if (text == "true" || text == "false") {
      out.kind = Kind::boolean;
      out.integer = text == "true" ? 1 : 0;
    } else if (text == "null") {
      out.kind = Kind::null;
    } else if (!number(text, out)) {
      return false;
    }
    p_ = end;
    return true;
  }

  static bool number(std::string_view text, Found& out) {
    const auto number = detail::read_number(text);
    if (number) {
      out.kind = number->whole ? Kind::integer : Kind::real;
      out.integer = number->integer;
      out.real = number->real;
    }
    return number.has_value();
  }

  const char* p_;
  const char* end_;
};

/// Looks up a PointerSet in one value after the other.
class Lookup {
public:
  Lookup(Scanner& scanner, const Trie& trie, std::span<Found> values)
      : scanner_(scanner), trie_(trie), values_(values), seen_(trie.nodes.size(), 0) {}

  bool run() {
    std::fill(values_.begin(), values_.end(), Found{});
    ++round_;
    return value(0);
  }

private:
  /// Recursion is as deep as the pointers are long, which is bounded.
  bool value(std::size_t node) { // NOLINT(misc-no-recursion)
    const auto& here = trie_.nodes[node];
    const char first = scanner_.peek();
    Found found;
    if (!here.branches.empty() && (first == '{' || first == '[')) {
      const char* const begin = scanner_.place();
      found.kind = first == '{' ? Kind::object : Kind::array;
      if (!inside(here, first == '{', found.integer)) {
        return false;
      }
      found.raw = {begin, static_cast<std::size_t>(scanner_.place() - begin)};
    } else if (!scanner_.value(found)) {
      return false;
    }
    for (const auto slot : here.slots) {
      values_[slot] = found;
    }
    return true;
  }

  bool inside(const Trie::Node& here, bool object, std::int64_t& count) { // NOLINT(misc-no-recursion)
    bool last = false;
    scanner_.enter(last);
    while (!last) {
      std::string_view name;
      if (object && !scanner_.name(name, scratch_)) {
        return false;
      }
      const auto branch = std::find_if(here.branches.begin(), here.branches.end(), [&](const Trie::Branch& candidate) {
        return object ? candidate.step == name : candidate.index == static_cast<std::size_t>(count);
      });
      Found skipped;
      const bool wanted = branch != here.branches.end() && std::exchange(seen_[branch->node], round_) != round_;
      if (!(wanted ? value(branch->node) : scanner_.value(skipped)) || !scanner_.next(object, last)) {
        return false;
      }
      ++count;
    }
    return true;
  }

  Scanner& scanner_;
  const Trie& trie_;
  std::span<Found> values_;
  std::vector<std::uint64_t> seen_; ///< per node the round that last came by: the first of equal names counts
  std::uint64_t round_ = 0;
  std::string scratch_;
};

/// The full check finds the place and the reason that the scanner, in its hurry, did not keep.
Error broken(std::string_view text) {
  auto status = check(text);
  return status.ok() ? internal("a JSON text that is well-formed could not be scanned") : std::move(status).error();
}

enum class Place : std::uint8_t { found, missing, broken };

/// Moves to where the steps lead.
Place descend(Scanner& scanner, const std::vector<std::string>& steps) {
  std::string scratch;
  for (const auto& step : steps) {
    const char first = scanner.peek();
    const bool object = first == '{';
    const auto index = step_index(step);
    if (!object && (first != '[' || !index)) {
      return Place::missing;
    }
    bool last = false;
    scanner.enter(last);
    std::size_t position = 0;
    while (true) {
      if (last) {
        return Place::missing;
      }
      std::string_view name;
      if (object && !scanner.name(name, scratch)) {
        return Place::broken;
      }
      if (object ? name == step : position == *index) {
        break;
      }
      Found skipped;
      if (!scanner.value(skipped) || !scanner.next(object, last)) {
        return Place::broken;
      }
      ++position;
    }
  }
  return Place::found;
}

} // namespace

PointerSet::PointerSet(std::unique_ptr<Trie> trie) noexcept : trie_(std::move(trie)) {}
PointerSet::PointerSet(PointerSet&&) noexcept = default;
PointerSet& PointerSet::operator=(PointerSet&&) noexcept = default;
PointerSet::~PointerSet() = default;
std::size_t PointerSet::size() const noexcept { return trie_->size; }

Result<PointerSet> PointerSet::compile(std::span<const std::string_view> pointers) {
  if (pointers.size() > max_pointers) {
    return invalid_argument(
        fmt::format("{} JSON pointers at once: at most {} are allowed", pointers.size(), max_pointers));
  }
  auto trie = std::make_unique<Trie>();
  trie->nodes.emplace_back();
  trie->size = pointers.size();
  for (std::size_t slot = 0; slot < pointers.size(); ++slot) {
    DOVETAIL_TRY(auto steps, split_pointer(pointers[slot]));
    std::size_t node = 0;
    for (auto& step : steps) {
      auto& branches = trie->nodes[node].branches;
      const auto branch =
          std::find_if(branches.begin(), branches.end(), [&](const auto& known) { return known.step == step; });
      if (branch != branches.end()) {
        node = branch->node;
        continue;
      }
      const auto added = trie->nodes.size();
      const auto index = step_index(step);
      branches.push_back({.step = std::move(step), .index = index, .node = added});
      trie->nodes.emplace_back();
      node = added;
    }
    trie->nodes[node].slots.push_back(slot);
  }
  return PointerSet(std::move(trie));
}

Result<Found> find_at(std::string_view text, std::string_view pointer) {
  DOVETAIL_TRY(const auto steps, split_pointer(pointer));
  Scanner scanner(text);
  Found found;
  switch (descend(scanner, steps)) {
  case Place::found:
    if (!scanner.value(found)) {
      return broken(text);
    }
    break;
  case Place::missing:
    break;
  case Place::broken:
    return broken(text);
  }
  return found;
}

namespace {

/// What for_each and for_each_member share; `name` is empty for elements.
Status visit_container(std::string_view text, std::string_view pointer, bool object, const PointerSet& pointers,
                       const MemberVisitor& visit) {
  DOVETAIL_TRY(const auto steps, split_pointer(pointer));
  const std::string_view expected = object ? "an object" : "an array";
  Scanner scanner(text);
  const auto place = descend(scanner, steps);
  if (place == Place::broken) {
    return broken(text);
  }
  if (place == Place::missing) {
    return not_found(fmt::format("nothing stands at \"{}\", expected {}", pointer, expected));
  }
  if (scanner.peek() != (object ? '{' : '[')) {
    Found other;
    return scanner.value(other) ? invalid_argument(fmt::format("at \"{}\": expected {}, found {}", pointer, expected,
                                                               to_string(other.kind)))
                                : broken(text);
  }
  std::vector<Found> values(pointers.size());
  Lookup lookup(scanner, pointers.trie(), values);
  std::string scratch;
  std::string_view name;
  bool last = false;
  scanner.enter(last);
  for (std::size_t index = 0; !last; ++index) {
    if ((object && !scanner.name(name, scratch)) || !lookup.run()) {
      return broken(text);
    }
    if (!visit(name, index, values)) {
      return {};
    }
    if (!scanner.next(object, last)) {
      return broken(text);
    }
  }
  return {};
}

} // namespace

Status for_each(std::string_view text, std::string_view array_pointer, const PointerSet& pointers,
                const ElementVisitor& visit) {
  return visit_container(
      text, array_pointer, false, pointers,
      [&visit](std::string_view, std::size_t index, std::span<const Found> values) { return visit(index, values); });
}

Status for_each_member(std::string_view text, std::string_view object_pointer, const PointerSet& pointers,
                       const MemberVisitor& visit) {
  return visit_container(text, object_pointer, true, pointers, visit);
}

Status find_all(std::string_view text, const PointerSet& pointers, std::span<Found> values) {
  assert(values.size() == pointers.size());
  Scanner scanner(text);
  Lookup lookup(scanner, pointers.trie(), values);
  return lookup.run() ? Status{} : Status(broken(text));
}

} // namespace dovetail::json
