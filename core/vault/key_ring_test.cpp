// SPDX-License-Identifier: Apache-2.0
#include "core/vault/key_ring.hpp"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/vault/encoding.hpp"
#include "core/vault/testing/rings.hpp"

namespace dovetail::vault {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string key_text(char seed, std::size_t bytes = vault_key_bytes) {
  return base64_encode(testing::key_bytes(seed, bytes));
}

std::string error_of(const std::string& text) {
  const auto ring = KeyRing::parse(Secret(std::string_view(text)));
  EXPECT_FALSE(ring.ok()) << "accepted: " << text;
  if (ring.ok()) {
    return {};
  }
  EXPECT_EQ(ring.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(ring.error().message, HasSubstr("DOVETAIL_VAULT_KEYS"));
  return ring.error().message;
}

// VAULT-1, VAULT-2
TEST(KeyRing, TakesTheFirstEntryAsTheNewest) {
  const std::string text = " new-1:" + key_text('b') + ",\n old.1:" + key_text('a') + "\t";
  const auto ring = KeyRing::parse(Secret(std::string_view(text)));
  ASSERT_TRUE(ring.ok()) << ring.error().message;
  EXPECT_EQ(ring->primary().id, "new-1");
  ASSERT_EQ(ring->keys().size(), 2U);
  EXPECT_EQ(ring->keys()[1].id, "old.1");
  ASSERT_NE(ring->find("old.1"), nullptr);
  EXPECT_EQ(base64_encode(ring->find("old.1")->bytes.reveal()), key_text('a'));
  EXPECT_EQ(ring->find("other"), nullptr);
}

// VAULT-3
TEST(KeyRing, RefusesMalformedTextAndSaysWhichEntry) {
  EXPECT_THAT(error_of(""), HasSubstr("no key"));
  EXPECT_THAT(error_of(" , \n"), HasSubstr("no key"));
  EXPECT_THAT(error_of("k1"), HasSubstr("entry 1"));
  EXPECT_THAT(error_of("k1:" + key_text('a') + ",k2:!!!"), HasSubstr("entry 2"));
  EXPECT_THAT(error_of(":" + key_text('a')), HasSubstr("key id"));
  EXPECT_THAT(error_of("k/1:" + key_text('a')), HasSubstr("key id"));
  EXPECT_THAT(error_of(std::string(33, 'k') + ":" + key_text('a')), HasSubstr("1 to 32"));
  EXPECT_THAT(error_of("k1:" + key_text('a', 31)), HasSubstr("31 bytes"));
  EXPECT_THAT(error_of("k1:" + key_text('a', 33)), HasSubstr("33 bytes"));
  EXPECT_THAT(error_of("k1:"), HasSubstr("0 bytes"));
  EXPECT_THAT(error_of("k1:" + base64_encode(std::string(32, '\0'))), HasSubstr("placeholder"));
  EXPECT_THAT(error_of("k1:" + key_text('a') + ",k1:" + key_text('b')), HasSubstr("\"k1\" is already that of entry 1"));
  EXPECT_THAT(error_of("k1:" + key_text('a') + ",k2:" + key_text('a')), HasSubstr("same as that of entry 1"));
}

TEST(KeyRing, BoundsTheNumberOfKeysAndTheLengthOfTheText) {
  std::string text;
  for (int i = 0; i < 32; ++i) {
    text += "k" + std::to_string(i) + ":" + key_text(static_cast<char>(i)) + " ";
  }
  EXPECT_TRUE(KeyRing::parse(Secret(std::string_view(text))).ok());
  EXPECT_THAT(error_of(text + "k32:" + key_text(40)), HasSubstr("more than 32 entries"));
  EXPECT_THAT(error_of(std::string(9000, ' ')), HasSubstr("characters"));
}

// VAULT-4
TEST(KeyRing, NeverRepeatsKeyMaterialInAnError) {
  const std::string key = key_text('q');
  const std::string short_key = key_text('q', 20);
  const std::string named = "k1:" + key;
  const std::string twice = named + "," + named;
  const std::string renamed = named + ",k2:" + key;
  for (const auto& text : {key, key + ":k1", "k1 :" + key, named + "x", "k1:" + named, "k1=" + key, short_key + ":k1",
                           "k1:" + short_key, twice, renamed}) {
    const std::string message = error_of(text);
    for (std::size_t i = 0; i + 8 <= short_key.size() - 4; ++i) {
      EXPECT_THAT(message, Not(HasSubstr(short_key.substr(i, 8)))) << "for input " << text;
    }
  }
}

TEST(KeyRing, GeneratesEntriesThatParseAndNeverRepeat) {
  const VirtualClock clock(Timestamp{std::chrono::sys_days{std::chrono::January / 5 / 2026}});
  SystemSecureRandom random;
  std::set<std::string> ids;
  std::set<std::string> keys;
  for (int i = 0; i < 50; ++i) {
    const auto key = generate_key(clock, random);
    ASSERT_TRUE(key.ok()) << key.error().message;
    EXPECT_THAT(key->id, ::testing::MatchesRegex("2026-01-05-[0-9a-f]+"));
    const auto ring = KeyRing::parse(key->entry);
    ASSERT_TRUE(ring.ok()) << ring.error().message;
    EXPECT_EQ(ring->primary().id, key->id);
    ids.insert(key->id);
    keys.insert(std::string(ring->primary().bytes.reveal()));
  }
  EXPECT_EQ(ids.size(), 50U);
  EXPECT_EQ(keys.size(), 50U);
}

} // namespace
} // namespace dovetail::vault
