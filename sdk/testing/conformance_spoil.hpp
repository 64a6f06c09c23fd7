// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dovetail::testing {

/// An answer in JSON or XML-RPC with an unknown member in each of its objects or structs. Any other stays as it is.
[[nodiscard]] std::string with_unknown_members(std::string_view body);

/// What with_unknown_members put in, taken out again; `text` may be any text that pieces of such a JSON answer stand in. JSON that was never spoilt
/// becomes what it would be after both, so that the two can be compared.
[[nodiscard]] std::string without_unknown_members(std::string_view text);

/// An answer in JSON or XML-RPC with one member (which one follows from `choice`) taken out or given a value of another kind. Any other, and one
/// without members, stays as it is.
[[nodiscard]] std::string with_a_broken_member(std::string_view body, std::uint64_t choice);

/// A number that follows from both, the same on every machine.
[[nodiscard]] std::uint64_t mix(std::string_view text, std::uint64_t seed) noexcept;

} // namespace dovetail::testing
