// SPDX-License-Identifier: Apache-2.0
// What the laws must know of objects, out of a manifest.
#include <algorithm>
#include <optional>
#include <utility>

#include "dovetail/testing/conformance.hpp"
#include "dovetail/testing/json_reader.hpp"

namespace dovetail::testing {

namespace {

using Kind = sdk::JsonValue::Kind;

[[nodiscard]] sdk::Error unusable(const std::string& what) {
  return sdk::make_error(sdk::Code::invalid_argument,
                         what + ": give the objects of ConformanceProvider yourself instead of by the manifest");
}

[[nodiscard]] std::string text_at(const JsonNode& node, std::string_view pointer) {
  const auto* found = node.find(pointer);
  return found != nullptr && found->kind == Kind::string ? found->string : std::string();
}

[[nodiscard]] std::optional<ValueSource> read_simple(const JsonNode& node) {
  constexpr std::string_view page = "$page/";
  if (node.kind == Kind::string) {
    return node.string.starts_with(page)
               ? ValueSource{ValueSource::Kind::page_constant, node.string.substr(page.size())}
               : ValueSource{ValueSource::Kind::pointer, node.string};
  }
  if (const auto* from = node.find("/from"); from != nullptr && node.items.size() == 1) {
    return read_simple(*from);
  }
  if (const auto* constant = node.find("/const"); constant != nullptr && node.items.size() == 1) {
    return ValueSource{ValueSource::Kind::constant,
                       constant->kind == Kind::string ? constant->string : std::string(constant->raw)};
  }
  return std::nullopt;
}

[[nodiscard]] sdk::Result<std::vector<ValueSource>> read_external_id(const std::string& object, const JsonNode* node) {
  std::vector<ValueSource> parts;
  if (node == nullptr) {
    return unusable("the object \"" + object + "\" has no externalId");
  }
  const auto* list = node->find("/concat");
  for (const auto& part : list == nullptr ? std::vector<JsonNode>{*node} : list->items) {
    auto source = read_simple(part);
    if (!source) {
      return unusable("the externalId of the object \"" + object +
                      "\" is put together in a way that is not known here");
    }
    parts.push_back(std::move(*source));
  }
  return parts;
}

[[nodiscard]] sdk::Status read_gone(const JsonNode& entry, ConformanceObject& object) {
  const auto* when = entry.find("/defaultMapping/goneWhen");
  if (when == nullptr) {
    return {};
  }
  const auto* from = when->find("/from");
  const auto* equals = when->find("/equals");
  const auto* in = when->find("/in");
  auto source = from == nullptr ? std::nullopt : read_simple(*from);
  if (!source || when->items.size() != 2 || (equals == nullptr && in == nullptr)) {
    return unusable("goneWhen of the object \"" + object.key + "\" is put together in a way that is not known here");
  }
  GoneSign sign{.from = std::move(*source), .values = {}};
  for (const auto& value : equals != nullptr ? std::vector<JsonNode>{*equals} : in->items) {
    sign.values.emplace_back(value.raw);
  }
  object.gone_when = std::move(sign);
  return {};
}

/// The parent's fields are named by the columns of the parent's model: its mapping says where those come from.
[[nodiscard]] sdk::Status read_parent(const JsonNode& entry, const std::vector<JsonNode>& all,
                                      ConformanceObject& object) {
  const auto* parent = entry.find("/parent");
  if (parent == nullptr) {
    return {};
  }
  object.parent = text_at(*parent, "/object");
  object.changed_parents = text_at(*parent, "/mode") == "changed";
  if (const auto* batch = parent->find("/batch"); batch != nullptr && batch->integer > 0) {
    object.batch = static_cast<std::size_t>(batch->integer);
  }
  const auto above = std::find_if(all.begin(), all.end(),
                                  [&object](const JsonNode& other) { return text_at(other, "/key") == object.parent; });
  const auto* fields = parent->find("/fields");
  for (std::size_t i = 0; fields != nullptr && i < fields->items.size(); ++i) {
    const auto* source =
        above == all.end() ? nullptr : above->find("/defaultMapping/fields/" + fields->items[i].string);
    auto value = source == nullptr ? std::nullopt : read_simple(*source);
    if (!value) {
      return unusable("the parent's field \"" + fields->names[i] + "\" of the object \"" + object.key +
                      "\" comes from where is not known here");
    }
    object.parent_fields.emplace_back(fields->names[i], std::move(*value));
  }
  return {};
}

[[nodiscard]] sdk::Result<ConformanceObject> read_object(const JsonNode& entry, const std::vector<JsonNode>& all) {
  ConformanceObject object;
  object.key = text_at(entry, "/key");
  DVT_TRY(object.external_id, read_external_id(object.key, entry.find("/defaultMapping/externalId")));
  if (const auto* fields = entry.find("/fields"); fields != nullptr) {
    for (const auto& field : fields->items) {
      object.fields.push_back(text_at(field, "/pointer"));
    }
  }
  if (const auto* capabilities = entry.find("/capabilities"); capabilities != nullptr) {
    object.delta = std::any_of(capabilities->items.begin(), capabilities->items.end(),
                               [](const JsonNode& name) { return name.string == "delta"; });
  }
  object.sweeps = text_at(entry, "/deletions") == "full_pass";
  if (const auto* overlap = entry.find("/overlapSeconds"); overlap != nullptr) {
    object.overlap = std::chrono::seconds(overlap->integer);
  }
  DVT_TRY_STATUS(read_gone(entry, object));
  DVT_TRY_STATUS(read_parent(entry, all, object));
  return object;
}

} // namespace

sdk::Result<std::vector<ConformanceObject>> objects_of_manifest(std::string_view manifest) {
  DVT_TRY(const auto tree, JsonTree::parse(manifest));
  const auto* list = tree->root().find("/objects");
  if (list == nullptr || list->kind != Kind::array) {
    return unusable("the manifest has no objects");
  }
  std::vector<ConformanceObject> waiting;
  for (const auto& entry : list->items) {
    DVT_TRY(auto object, read_object(entry, list->items));
    waiting.push_back(std::move(object));
  }
  std::vector<ConformanceObject> ordered;
  const auto is_ready = [&ordered](const ConformanceObject& object) {
    return object.parent.empty() || std::any_of(ordered.begin(), ordered.end(),
                                                [&object](const auto& above) { return above.key == object.parent; });
  };
  while (!waiting.empty()) {
    const auto next = std::find_if(waiting.begin(), waiting.end(), is_ready);
    if (next == waiting.end()) {
      return unusable("the parents of the objects lead in a circle or nowhere");
    }
    ordered.push_back(std::move(*next));
    waiting.erase(next);
  }
  return ordered;
}

} // namespace dovetail::testing
