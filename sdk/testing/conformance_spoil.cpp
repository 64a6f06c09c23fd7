// SPDX-License-Identifier: Apache-2.0
#include "conformance_spoil.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

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

constexpr std::string_view unknown_member = R"("x_unknown":{"deep":[1,null,"é"]})";

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
      add(unknown_member);
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

/// What XML-RPC writes between tags is escaped, so a tag that is found is a tag.
constexpr std::string_view value_begins = "<value>";
constexpr std::string_view value_ends = "</value>";
constexpr std::string_view struct_begins = "<struct>";
constexpr std::string_view member_begins = "<member>";
constexpr std::string_view member_ends = "</member>";

[[nodiscard]] bool is_xmlrpc(std::string_view body) { return body.find("<methodResponse>") != std::string_view::npos; }

[[nodiscard]] std::string xml_with_unknown_members(std::string_view xml) {
  std::string text(xml);
  constexpr std::string_view unknown =
      "<member><name>x_unknown</name><value><array><data><value><int>1</int></value><value><string>é</string></value>"
      "</data></array></value></member>";
  for (auto at = text.find(struct_begins); at != std::string::npos; at = text.find(struct_begins, at)) {
    at += struct_begins.size();
    text.insert(at, unknown);
    at += unknown.size();
  }
  return text;
}

/// From where to where each member of each struct goes.
[[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> xml_members(std::string_view xml) {
  std::vector<std::pair<std::size_t, std::size_t>> members;
  std::vector<std::size_t> open;
  for (auto at = xml.find(member_begins); at != std::string_view::npos;) {
    if (xml.substr(at).starts_with(member_begins)) {
      open.push_back(members.size());
      members.emplace_back(at, xml.size());
    } else if (!open.empty()) {
      members[open.back()].second = at + member_ends.size();
      open.pop_back();
    }
    at = std::min(xml.find(member_begins, at + 1), xml.find(member_ends, at + 1));
  }
  return members;
}

[[nodiscard]] std::string xml_with_a_broken_member(std::string_view xml, std::uint64_t choice) {
  const auto members = xml_members(xml);
  std::string text(xml);
  if (members.empty()) {
    return text;
  }
  const auto [begin, end] = members[static_cast<std::size_t>(choice % members.size())];
  choice /= members.size();
  const auto value = xml.find(value_begins, begin) + value_begins.size();
  const auto value_end = xml.substr(0, end).rfind(value_ends);
  if (choice % 6 == 0 || value > value_end || value_end == std::string_view::npos) {
    return text.erase(begin, end - begin);
  }
  constexpr std::array<std::string_view, 6> others = {
      "<struct><member><name>x</name><value><int>1</int></value></member></struct>",
      "<nil/>",
      "<array><data><value><int>17</int></value></data></array>",
      "<string>text</string>",
      "<int>-1</int>",
      "<boolean>1</boolean>"};
  // Begins behind the kind that stands there now.
  const auto tag = xml.substr(value, xml.find('>', value) - value);
  std::size_t taken = 0;
  while (taken + 1 < others.size() && !others.at(taken).starts_with(tag)) {
    ++taken;
  }
  return text.replace(value, value_end - value, others.at((taken + 1 + choice % 5) % others.size()));
}

} // namespace

std::uint64_t mix(std::string_view text, std::uint64_t seed) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325U ^ (seed * 0x9E3779B97F4A7C15U); // FNV-1a
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  return hash ^ (hash >> 29U);
}

std::string with_unknown_members(std::string_view body) {
  if (is_xmlrpc(body)) {
    return xml_with_unknown_members(body);
  }
  const auto tree = JsonTree::parse(body);
  return tree.ok() ? Spoiler(true, nobody, 0).write((*tree)->root()) : std::string(body);
}

std::string without_unknown_members(std::string_view text) {
  const auto tree = JsonTree::parse(text);
  std::string rest = tree.ok() ? Spoiler(false, nobody, 0).write((*tree)->root()) : std::string(text);
  for (auto at = rest.find(unknown_member); at != std::string::npos; at = rest.find(unknown_member, at)) {
    rest.erase(at, unknown_member.size());
    if (rest.compare(at, 1, ",") == 0) {
      rest.erase(at, 1);
    }
  }
  return rest;
}

std::string with_a_broken_member(std::string_view body, std::uint64_t choice) {
  if (is_xmlrpc(body)) {
    return xml_with_a_broken_member(body, choice);
  }
  const auto tree = JsonTree::parse(body);
  const auto members = tree.ok() ? count_members((*tree)->root()) : 0;
  return members == 0
             ? std::string(body)
             : Spoiler(false, static_cast<std::size_t>(choice % members), choice / members).write((*tree)->root());
}

} // namespace dovetail::testing
