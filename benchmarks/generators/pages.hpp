// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/model/model.hpp"

namespace dovetail::generators {

/// Pages as three providers answer: names, nesting, order of members and sizes of the values are theirs, the content is made up.
enum class Shape : std::uint8_t {
  github_pulls, ///< GET /repos/{owner}/{repo}/pulls: 100 items of 20 KB, most of it two whole repositories per item
  monday_items, ///< boards { items_page { items { column_values } } }: 500 items of 3 KB, values as JSON in strings
  bqe_projects, ///< GET /project: 200 flat objects of 80 members
  /// What the plugins ask for with the mappings of their manifests: nothing comes that is not mapped.
  monday_default, ///< 500 items of 700 bytes for tickets
  bqe_default     ///< 200 projects of 20 members
};
inline constexpr std::array<Shape, 5> all_shapes{Shape::github_pulls, Shape::monday_items, Shape::bqe_projects,
                                                 Shape::monday_default, Shape::bqe_default};

[[nodiscard]] std::string_view to_string(Shape shape) noexcept;

/// One page; the same for the same seed on every machine.
[[nodiscard]] std::string make_page(Shape shape, std::uint64_t seed);

/// Where the records stand in it.
[[nodiscard]] std::string_view records_pointer(Shape shape) noexcept;

/// A model with about twelve columns of all types for the shape, and the mapping for it as JSON. Those of the `_default` shapes are the ones that ship, read from
/// `manifests`; the program ends with 2 where it cannot.
[[nodiscard]] model::Model make_model(Shape shape, const std::filesystem::path& manifests);
[[nodiscard]] std::string mapping_json(Shape shape, const std::filesystem::path& manifests);

} // namespace dovetail::generators
