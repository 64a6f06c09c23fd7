// SPDX-License-Identifier: Apache-2.0
#include "core/json/schema_explain.hpp"

#include <algorithm>
#include <array>
#include <regex>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/json/pointer.hpp"
#include "core/json/writer.hpp"

namespace dovetail::json::detail {
namespace {

constexpr std::size_t max_subschemas = 64;
constexpr std::size_t max_shown_bytes = 60;

/// Adds `part` and all that it refers to or combines.
void expand(const Value& schema, const Value& part, std::vector<Value>& out) { // NOLINT(misc-no-recursion)
  const auto same = [&](const Value& known) { return known.is(part); };
  if (!part.is_object() || out.size() >= max_subschemas || std::any_of(out.begin(), out.end(), same)) {
    return;
  }
  out.push_back(part);
  if (const auto reference = part["$ref"].as_string()) {
    expand(schema, resolve_reference(schema, *reference), out);
  }
  for (const auto* const word : {"allOf", "anyOf", "oneOf"}) {
    for (const auto alternative : part[std::string_view(word)].elements()) {
      expand(schema, alternative, out);
    }
  }
  for (const auto* const word : {"then", "else"}) {
    expand(schema, part[std::string_view(word)], out);
  }
}

bool matches(std::string_view pattern, std::string_view name) {
  try {
    return std::regex_search(std::string(name), std::regex(std::string(pattern)));
  } catch (const std::regex_error&) {
    return false;
  }
}

void step_into(const Value& schema, const Value& part, const Value& here, std::string_view step,
               std::vector<Value>& out) {
  if (here.is_array()) {
    const auto items = part["items"];
    const auto index = step_index(step);
    expand(schema,
           items.is_array() && index ? (*index < items.size() ? items[*index] : part["additionalItems"]) : items, out);
    return;
  }
  bool named = part["properties"][step].exists();
  expand(schema, part["properties"][step], out);
  for (const auto [pattern, member] : part["patternProperties"].members()) {
    if (matches(pattern, step)) {
      named = true;
      expand(schema, member, out);
    }
  }
  if (!named) {
    expand(schema, part["additionalProperties"], out);
  }
}

/// The values of a keyword in all parts that have it, each once.
template <typename Add> void gather(const std::vector<Value>& parts, std::string_view word, Add add) {
  for (const auto& part : parts) {
    const auto found = part[word];
    if (found.is_array()) {
      for (const auto element : found.elements()) {
        add(element);
      }
    } else if (found.exists()) {
      add(found);
    }
  }
}

std::string list_of(const std::vector<Value>& parts, std::string_view word) {
  std::vector<std::string> words;
  gather(parts, word, [&](const Value& value) {
    auto text = word == "type" ? std::string(value.as_string().value_or("")) : value.dump();
    if (std::find(words.begin(), words.end(), text) == words.end()) {
      words.push_back(std::move(text));
    }
  });
  if (words.size() < 2) {
    return words.empty() ? "" : words.front();
  }
  const auto last = words.back();
  words.pop_back();
  return fmt::format("{} or {}", fmt::join(words, ", "), last);
}

/// The text in the last pair of single quotes.
std::string_view quoted_part(std::string_view description) {
  const auto end = description.rfind('\'');
  const auto begin = description.find('\'');
  // The name may hold quotes itself; 'properties' and 'additionalProperties' stand before it in one message.
  const auto colon = description.find(": '");
  const auto first = colon == std::string_view::npos ? begin : colon + 2;
  return end == std::string_view::npos || end <= first ? std::string_view{}
                                                       : description.substr(first + 1, end - first - 1);
}

std::string lower_first(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out.front() >= 'A' && out.front() <= 'Z') {
    out.front() = static_cast<char>(out.front() - 'A' + 'a');
  }
  while (out.ends_with('.')) {
    out.pop_back();
  }
  return out;
}

} // namespace

Value resolve_reference(const Value& schema, std::string_view reference) {
  return reference.starts_with('#') ? schema.at(reference.substr(1)) : Value{};
}

std::vector<Value> subschemas_at(const Value& schema, const Value& document, const std::vector<std::string>& steps) {
  std::vector<Value> parts;
  expand(schema, schema, parts);
  Value here = document;
  for (const auto& step : steps) {
    std::vector<Value> next;
    for (const auto& part : parts) {
      step_into(schema, part, here, step, next);
    }
    parts = std::move(next);
    const auto index = step_index(step);
    here = here.is_array() && index ? here[*index] : here[std::string_view(step)];
  }
  return parts;
}

std::string brief(const Value& value, ShowValues show) {
  switch (value.kind()) {
  case Kind::missing:
    return "nothing";
  case Kind::array:
    return value.size() == 0 ? "an empty array" : fmt::format("an array of {}", value.size());
  case Kind::object:
    return "an object";
  case Kind::null:
    return "null";
  default:
    break;
  }
  if (show == ShowValues::no) {
    return value.is_string() ? "a string" : (value.kind() == Kind::boolean ? "a boolean" : "a number");
  }
  auto text = value.dump();
  if (text.size() > max_shown_bytes) {
    auto cut = max_shown_bytes;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) {
      --cut;
    }
    text.resize(cut);
    text += "...";
  }
  return text;
}

std::optional<std::string> explain(std::string_view description, const std::vector<Value>& subschemas,
                                   const Value& value, ShowValues show) {
  if (description.starts_with("Missing required property")) {
    return fmt::format("the member \"{}\" is missing", quoted_part(description));
  }
  if (description.starts_with("Object contains a property")) {
    std::string phrase;
    gather(subschemas, "x-names", [&](const Value& text) { phrase = text.as_string().value_or(phrase); });
    return fmt::format("the member \"{}\" is not known here{}", quoted_part(description),
                       phrase.empty() ? "" : ": expected " + phrase);
  }
  if (description.starts_with("Failed to validate") || description.starts_with("Cannot validate") ||
      description.starts_with("Target value and comparison value")) {
    return std::nullopt;
  }
  const auto found = brief(value, show);
  const auto expected = list_of(subschemas, "x-expected");
  if (!expected.empty()) {
    std::string phrase(expected.substr(1, expected.size() - 2));
    gather(subschemas, "x-expected", [&](const Value& text) { phrase = text.as_string().value_or(phrase); });
    return fmt::format("expected {}, found {}", phrase, found);
  }
  if (description.starts_with("Value type not permitted")) {
    return fmt::format("expected {}, found {}", list_of(subschemas, "type"), found);
  }
  if (description.starts_with("Failed to match against any enum")) {
    return fmt::format("expected {}, found {}", list_of(subschemas, "enum"), found);
  }
  if (description.starts_with("Failed to match expected value")) {
    return fmt::format("expected {}, found {}", list_of(subschemas, "const"), found);
  }
  if (description.starts_with("Failed to match regex")) {
    return fmt::format("expected a text of the form {}, found {}", list_of(subschemas, "pattern"), found);
  }
  return fmt::format("{}, found {}", lower_first(description), found);
}

} // namespace dovetail::json::detail
