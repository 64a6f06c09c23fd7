// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/config_text.hpp"

#include <fmt/format.h>

#include "core/base/limits.hpp"

namespace dovetail::cli {
namespace {

constexpr std::size_t max_depth = 16;
const json::ParseOptions config_bounds{.max_bytes = limits::max_config_bytes, .max_depth = max_depth};

} // namespace

ConfigText::Node ConfigText::from(const json::Value& value) {
  Node node;
  node.is_object = value.is_object();
  if (!node.is_object) {
    node.scalar = value.dump();
  }
  for (const auto& [name, member] : value.members()) {
    node.members.emplace(name, from(member));
  }
  return node;
}

Status ConfigText::add_object(std::string_view json) {
  auto document = json::Document::parse(json, config_bounds);
  if (!document.ok()) {
    return std::move(document).error().in("the config");
  }
  if (!document->root().is_object()) {
    return invalid_argument("the config is no JSON object");
  }
  for (const auto& [name, member] : document->root().members()) {
    root_.members.insert_or_assign(std::string(name), from(member));
  }
  return {};
}

Status ConfigText::add_setting(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return invalid_argument("--config takes a key, '=', and a value, e.g. --config key=value");
  }
  std::string_view key = text.substr(0, equals);
  const std::string_view value = text.substr(equals + 1);
  Node* node = &root_;
  std::size_t depth = 0;
  for (bool last = false; !last; ++depth) {
    const std::size_t dot = key.find('.');
    last = dot == std::string_view::npos;
    const std::string_view name = key.substr(0, dot);
    if (name.empty() || depth == max_depth) {
      return invalid_argument("--config takes a key whose parts are joined by single dots");
    }
    // A member below what was no object takes its place: the later setting counts.
    node->is_object = true;
    node = &node->members[std::string(name)];
    key.remove_prefix(last ? key.size() : dot + 1);
  }
  if (const auto document = json::Document::parse(value, config_bounds); document.ok()) {
    *node = from(document->root());
  } else {
    *node = {.scalar = json::quoted(value), .is_object = false, .members = {}};
  }
  return {};
}

void ConfigText::set_text(std::string_view key, std::string_view value) {
  root_.members.insert_or_assign(std::string(key),
                                 Node{.scalar = json::quoted(value), .is_object = false, .members = {}});
}

void ConfigText::write(const Node& node, json::Writer& writer) {
  if (!node.is_object) {
    writer.raw(node.scalar);
    return;
  }
  writer.begin_object();
  for (const auto& [name, member] : node.members) {
    writer.key(name);
    write(member, writer);
  }
  writer.end_object();
}

std::string ConfigText::json() const {
  json::Writer writer;
  write(root_, writer);
  return std::move(writer).take();
}

} // namespace dovetail::cli
