// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/mapping/page_rows.hpp"
#include "core/model/model.hpp"

namespace dovetail::sync {

/// A mapped row as a parent is handed to a plugin: {"external_id": "...", <name>: <the model's field>, ...}. A field that the mapping does not fill is null.
[[nodiscard]] std::string row_json(const model::Model& model, const mapping::PageRows& rows, std::size_t index,
                                   const std::vector<std::pair<std::string, std::string>>& fields);

} // namespace dovetail::sync
