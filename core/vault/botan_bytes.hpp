// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside this module only: between Botan's unsigned bytes and the byte strings of the rest of core.

#include <cstdint>
#include <string_view>

#include <botan/secmem.h>

namespace dovetail::vault {

[[nodiscard]] inline const std::uint8_t* unsigned_bytes(std::string_view bytes) noexcept {
  return reinterpret_cast<const std::uint8_t*>(bytes.data()); // NOLINT(*-reinterpret-cast)
}

[[nodiscard]] inline std::string_view byte_view(const Botan::secure_vector<std::uint8_t>& bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; // NOLINT(*-reinterpret-cast)
}

} // namespace dovetail::vault
