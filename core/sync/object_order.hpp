// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace dovetail::sync {

/// An object and the one whose rows it is read below; empty: none.
struct ObjectNode {
  std::string key;
  std::string parent;
};

/// The keys of `selected` (all, if that is empty) with every parent before its children, otherwise in the manifest's order.
/// Errors: invalid_argument for a selected key that is not there (names the known ones), failed_precondition for a circle.
[[nodiscard]] Result<std::vector<std::string>> order_objects(std::span<const ObjectNode> objects,
                                                             std::span<const std::string> selected);

} // namespace dovetail::sync
