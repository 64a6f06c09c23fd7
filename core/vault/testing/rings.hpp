// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/vault/encoding.hpp"
#include "core/vault/key_ring.hpp"
#include "core/vault/vault.hpp"

/// Key rings that tests write down: the same id and seed give the same key.
namespace dovetail::vault::testing {

inline std::string key_bytes(char seed, std::size_t bytes = vault_key_bytes) {
  std::string key;
  for (std::size_t i = 0; i < bytes; ++i) {
    key.push_back(static_cast<char>(static_cast<std::size_t>(seed) + 7 * i));
  }
  return key;
}

inline std::string ring_entry(const std::string& id, char seed) { return id + ":" + base64_encode(key_bytes(seed)); }

/// A vault from the text of a ring, which must be well-formed.
inline Vault vault_of(std::string_view ring_text, SecureRandom& random) {
  const auto ring = KeyRing::parse(Secret(ring_text));
  EXPECT_TRUE(ring.ok()) << ring.error().message;
  return {*ring, random};
}

} // namespace dovetail::vault::testing
