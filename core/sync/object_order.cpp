// SPDX-License-Identifier: Apache-2.0
#include "core/sync/object_order.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dovetail::sync {
namespace {

std::vector<std::string> keys_of(std::span<const ObjectNode> objects) {
  std::vector<std::string> keys;
  keys.reserve(objects.size());
  for (const auto& object : objects) {
    keys.push_back(object.key);
  }
  return keys;
}

} // namespace

Result<std::vector<std::string>> order_objects(std::span<const ObjectNode> objects,
                                               std::span<const std::string> selected) {
  const auto known = [&objects](const std::string& key) {
    return std::any_of(objects.begin(), objects.end(), [&key](const ObjectNode& object) { return object.key == key; });
  };
  for (const auto& key : selected) {
    if (!known(key)) {
      return invalid_argument(
          fmt::format("There is no object \"{}\" here. The provider has: {}.", key, fmt::join(keys_of(objects), ", ")));
    }
  }
  std::vector<std::string> ordered;
  std::unordered_set<std::string> placed;
  while (placed.size() < objects.size()) {
    const auto before = placed.size();
    for (const auto& object : objects) {
      const bool ready = object.parent.empty() || placed.contains(object.parent) || !known(object.parent);
      if (!ready || !placed.insert(object.key).second) {
        continue;
      }
      if (selected.empty() || std::find(selected.begin(), selected.end(), object.key) != selected.end()) {
        ordered.push_back(object.key);
      }
    }
    if (placed.size() == before) {
      return failed_precondition(
          "The provider's objects name each other as parents in a circle. Mend \"parent\" in its manifest.");
    }
  }
  return ordered;
}

} // namespace dovetail::sync
