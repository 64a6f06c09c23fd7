// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/hash.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace dovetail::mapping {

std::uint64_t hash_text(std::string_view text, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

} // namespace dovetail::mapping
