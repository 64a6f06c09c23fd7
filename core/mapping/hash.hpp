// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace dovetail::mapping {

/// XXH3 with 64 bits: fast and well spread, not made against an attacker who looks for collisions. The value is the same on
/// every machine and is stored. Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
[[nodiscard]] std::uint64_t hash_text(std::string_view text, std::uint64_t seed = 0) noexcept;

} // namespace dovetail::mapping
