// SPDX-License-Identifier: Apache-2.0
#include "conformance_spoil.hpp"

#include <cstddef>

#include "dovetail/sdk/json_writer.hpp"
#include "dovetail/testing/json_reader.hpp"

namespace dovetail::testing {

namespace {

using Kind = sdk::JsonValue::Kind;

[[nodiscard]] std::size_t count_members(const JsonNode& node) {
  std::size_t members = node.names.size();
  for (const auto& item : node.items) {
    members += count_members(item);
  }
  return members;
}

/// A value of a kind that this one is not.
[[nodiscard]] std::string_view other_kind(Kind kind, std::uint64_t choice) {
  constexpr std::string_view others[] = {R"({"x":1})", "null", "[17]", "\"text\"", "-1", "true"};
  const auto taken = kind == Kind::object                          ? 0U
                     : kind == Kind::null                          ? 1U
                     : kind == Kind::array                         ? 2U
                     : kind == Kind::string                        ? 3U
                     : kind == Kind::integer || kind == Kind::real ? 4U
                                                                   : 5U;
  return others[(taken + 1U + choice % 5U) % 6U];
}

/// Writes a tree anew with what is to be changed.
class Spoiler {
public:
  Spoiler(bool unknown, std::size_t victim, std::uint64_t choice)
      : unknown_(unknown), victim_(victim), choice_(choice) {}

  [[nodiscard]] std::string write(const JsonNode& node) {
    if (node.kind != Kind::object && node.kind != Kind::array) {
      return std::string(node.raw);
    }
    const bool object = node.kind == Kind::object;
    std::string text(1, object ? '{' : '[');
    const auto add = [&text](std::string_view piece) {
      text += text.size() > 1 ? "," : "";
      text += piece;
    };
    if (object && unknown_) {
      add(R"("x_unknown":{"deep":[1,null,"é"]})");
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      if (!object) {
        add(write(node.items[i]));
        continue;
      }
      const bool chosen = next_++ == victim_;
      if (chosen && choice_ % 6 == 0) {
        continue;
      }
      const auto name = sdk::JsonWriter().value(node.names[i]).take() + ":";
      add(name + (chosen ? std::string(other_kind(node.items[i].kind, choice_)) : write(node.items[i])));
    }
    return text + (object ? '}' : ']');
  }

private:
  bool unknown_;
  std::size_t victim_;
  std::uint64_t choice_;
  std::size_t next_ = 0;
};

constexpr std::size_t nobody = ~std::size_t{0};

} // namespace

std::uint64_t mix(std::string_view text, std::uint64_t seed) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325U ^ (seed * 0x9E3779B97F4A7C15U); // FNV-1a
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  return hash ^ (hash >> 29U);
}

std::string with_unknown_members(std::string_view json) {
  const auto tree = JsonTree::parse(json);
  return tree.ok() ? Spoiler(true, nobody, 0).write((*tree)->root()) : std::string(json);
}

std::string with_a_broken_member(std::string_view json, std::uint64_t choice) {
  const auto tree = JsonTree::parse(json);
  const auto members = tree.ok() ? count_members((*tree)->root()) : 0;
  return members == 0
             ? std::string(json)
             : Spoiler(false, static_cast<std::size_t>(choice % members), choice / members).write((*tree)->root());
}

} // namespace dovetail::testing
