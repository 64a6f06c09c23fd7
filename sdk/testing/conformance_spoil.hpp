// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dovetail::testing {

/// `json` with an unknown member in each of its objects. What is no JSON stays as it is.
[[nodiscard]] std::string with_unknown_members(std::string_view json);

/// `json` with one member (which one follows from `choice`) taken out or given a value of another kind. What is no JSON, or has no
/// members, stays as it is.
[[nodiscard]] std::string with_a_broken_member(std::string_view json, std::uint64_t choice);

/// A number that follows from both, the same on every machine.
[[nodiscard]] std::uint64_t mix(std::string_view text, std::uint64_t seed) noexcept;

} // namespace dovetail::testing
