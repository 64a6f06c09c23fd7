// SPDX-License-Identifier: Apache-2.0

// Published vectors, read in place: Fernet's own acceptance tests and two files of Project Wycheproof. Skipped where absent.

#include <algorithm>
#include <array>
#include <span>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/time.hpp"
#include "core/json/document.hpp"
#include "core/vault/aes_gcm.hpp"
#include "core/vault/crypto.hpp"
#include "core/vault/encoding.hpp"
#include "core/vault/fernet.hpp"
#include "core/vault/fernet_import.hpp"

namespace dovetail::vault {
namespace {

/// The document, or nullopt when the file is not on this machine.
std::optional<json::Document> vectors(const std::string& name) {
  const char* source =
      std::getenv("DOVETAIL_SOURCE_DIR"); // NOLINT(concurrency-mt-unsafe): nothing writes the environment
  const auto path = std::filesystem::path(source == nullptr ? "." : source) / "../shared/vectors" / name;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return std::nullopt;
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto document = json::Document::parse(text);
  EXPECT_TRUE(document.ok()) << document.error().message;
  return document.ok() ? std::optional(std::move(document).value()) : std::nullopt;
}

std::string text_of(const json::Value& value, const char* name) {
  const auto text = value.get_string(std::string("/") + name);
  EXPECT_TRUE(text.ok()) << text.error().message;
  return text.ok() ? std::string(*text) : std::string();
}

std::string bytes_of(const json::Value& value, const char* name) {
  const auto bytes = hex_decode(text_of(value, name));
  EXPECT_TRUE(bytes.has_value());
  return bytes.value_or("");
}

std::int64_t number_of(const json::Value& value, const char* name) {
  const auto number = value.get_int64(std::string("/") + name);
  EXPECT_TRUE(number.ok()) << number.error().message;
  return number.ok() ? *number : -1;
}

std::span<const std::uint8_t> span_of(const std::string& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}; // NOLINT(*-reinterpret-cast)
}

std::vector<FernetKey> fernet_keys(const json::Value& test) {
  auto keys = FernetKey::parse_list(Secret(text_of(test, "secret")));
  EXPECT_TRUE(keys.ok()) << keys.error().message;
  return keys.ok() ? std::move(keys).value() : std::vector<FernetKey>();
}

FernetValidity validity_of(const json::Value& test) {
  const auto now = parse_iso8601(text_of(test, "now"));
  EXPECT_TRUE(now.has_value());
  return {now.value_or(Timestamp{}), std::chrono::seconds(number_of(test, "ttl_sec"))};
}

/// Yields bytes that are known beforehand, as published vectors do.
class GivenBytes final : public SecureRandom {
public:
  explicit GivenBytes(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] Status fill(std::span<std::uint8_t> out) override {
    if (out.size() != bytes_.size()) {
      return internal("more or fewer bytes are wanted than are given");
    }
    std::copy(bytes_.begin(), bytes_.end(), out.begin());
    return {};
  }

private:
  std::span<const std::uint8_t> bytes_;
};

// VAULT-5
TEST(FernetVectors, GeneratesTheTokenOfGenerateJson) {
  const auto document = vectors("fernet/generate.json");
  if (!document) {
    GTEST_SKIP() << "the Fernet vectors are not here";
  }
  int count = 0;
  for (const auto test : document->root().elements()) {
    std::array<std::uint8_t, fernet_iv_bytes> iv{};
    ASSERT_EQ(test["iv"].size(), iv.size());
    for (std::size_t i = 0; i < iv.size(); ++i) {
      iv[i] = static_cast<std::uint8_t>(test["iv"][i].as_int64().value_or(0));
    }
    const auto keys = fernet_keys(test);
    ASSERT_EQ(keys.size(), 1U);
    const auto now = parse_iso8601(text_of(test, "now"));
    ASSERT_TRUE(now.has_value());
    const auto token = fernet_encrypt_with_iv(Secret(text_of(test, "src")), keys[0], *now, iv);
    ASSERT_TRUE(token.ok()) << token.error().message;
    EXPECT_EQ(*token, text_of(test, "token"));
    GivenBytes random(iv);
    const auto wrapper =
        seal_fernet_wrapper(Secret(text_of(test, "src")), Secret(text_of(test, "secret")), *now, random);
    ASSERT_TRUE(wrapper.ok()) << wrapper.error().message;
    EXPECT_EQ(*wrapper, R"({"_encrypted": true, "payload": ")" + text_of(test, "token") + "\"}\n");
    ++count;
  }
  EXPECT_EQ(count, 1);
}

// VAULT-5
TEST(FernetVectors, DecryptsTheTokenOfVerifyJson) {
  const auto document = vectors("fernet/verify.json");
  if (!document) {
    GTEST_SKIP() << "the Fernet vectors are not here";
  }
  int count = 0;
  for (const auto test : document->root().elements()) {
    const auto opened = fernet_decrypt(text_of(test, "token"), fernet_keys(test), validity_of(test));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->reveal(), text_of(test, "src"));
    ++count;
  }
  EXPECT_EQ(count, 1);
}

// VAULT-5: each is refused for the reason that its description gives.
TEST(FernetVectors, RefusesEachTokenOfInvalidJsonForItsOwnReason) {
  const auto document = vectors("fernet/invalid.json");
  if (!document) {
    GTEST_SKIP() << "the Fernet vectors are not here";
  }
  const std::vector<ErrorCode> reasons = {
      ErrorCode::unauthenticated,   // incorrect mac
      ErrorCode::invalid_argument,  // too short
      ErrorCode::invalid_argument,  // invalid base64
      ErrorCode::data_loss,         // payload size not multiple of block size
      ErrorCode::data_loss,         // payload padding error
      ErrorCode::out_of_range,      // far-future TS
      ErrorCode::deadline_exceeded, // expired TTL
      ErrorCode::data_loss,         // incorrect IV
  };
  const auto tests = document->root();
  ASSERT_EQ(tests.size(), reasons.size());
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    const auto opened = fernet_decrypt(text_of(tests[i], "token"), fernet_keys(tests[i]), validity_of(tests[i]));
    ASSERT_FALSE(opened.ok()) << text_of(tests[i], "desc");
    EXPECT_EQ(to_string(opened.error().code), to_string(reasons[i])) << text_of(tests[i], "desc");
  }
}

struct Tally {
  int valid = 0;
  int invalid = 0;
};

/// One test of the AES-GCM file: opens what is valid, seals to the same bytes, refuses the rest.
void check_gcm(const json::Value& test, Tally& tally) {
  const Aes256Gcm cipher{Secret(bytes_of(test, "key"))};
  const std::string nonce_text = bytes_of(test, "iv");
  std::array<std::uint8_t, Aes256Gcm::nonce_bytes> nonce{};
  ASSERT_EQ(nonce_text.size(), nonce.size());
  std::copy(nonce_text.begin(), nonce_text.end(), nonce.begin());
  const std::string data = bytes_of(test, "aad");
  const std::string message = bytes_of(test, "msg");
  const std::string sealed = bytes_of(test, "ct") + bytes_of(test, "tag");
  const auto opened = cipher.open(nonce, span_of(data), sealed);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  if (text_of(test, "result") != "valid") {
    EXPECT_FALSE(opened->has_value()) << "tcId " << number_of(test, "tcId");
    ++tally.invalid;
    return;
  }
  ASSERT_TRUE(opened->has_value()) << "tcId " << number_of(test, "tcId");
  EXPECT_EQ((*opened)->reveal(), message);
  std::string again;
  ASSERT_TRUE(cipher.seal(nonce, span_of(data), message, again).ok());
  EXPECT_EQ(hex_encode(again), hex_encode(sealed)) << "tcId " << number_of(test, "tcId");
  ++tally.valid;
}

// VAULT-1
TEST(WycheproofVectors, AesGcmWith256BitKeysAnd96BitNoncesIsAsStated) {
  const auto document = vectors("wycheproof/aes_gcm_test.json");
  if (!document) {
    GTEST_SKIP() << "the Wycheproof vectors are not here";
  }
  Tally tally;
  for (const auto group : document->root()["testGroups"].elements()) {
    if (number_of(group, "keySize") != 256 || number_of(group, "ivSize") != 96) {
      continue;
    }
    EXPECT_EQ(number_of(group, "tagSize"), 128);
    for (const auto test : group["tests"].elements()) {
      check_gcm(test, tally);
    }
  }
  EXPECT_EQ(tally.valid + tally.invalid, 66);
  EXPECT_GT(tally.valid, 0);
  EXPECT_GT(tally.invalid, 0);
}

TEST(WycheproofVectors, HmacSha256IsAsStatedAndOursRefusesTruncatedTags) {
  const auto document = vectors("wycheproof/hmac_sha256_test.json");
  if (!document) {
    GTEST_SKIP() << "the Wycheproof vectors are not here";
  }
  Tally tally;
  for (const auto group : document->root()["testGroups"].elements()) {
    const auto tag_bytes = static_cast<std::size_t>(number_of(group, "tagSize")) / 8;
    for (const auto test : group["tests"].elements()) {
      const Secret key(bytes_of(test, "key"));
      const std::string message = bytes_of(test, "msg");
      const std::string tag = bytes_of(test, "tag");
      const bool valid = text_of(test, "result") == "valid";
      const Sha256Digest full = hmac_sha256(key, message);
      EXPECT_EQ(constant_time_equal(as_bytes(full).substr(0, tag_bytes), tag), valid)
          << "tcId " << number_of(test, "tcId");
      EXPECT_EQ(hmac_sha256_verify(key, message, tag), valid && tag.size() == sha256_bytes)
          << "tcId " << number_of(test, "tcId");
      ++(valid ? tally.valid : tally.invalid);
    }
  }
  EXPECT_EQ(tally.valid, 66);
  EXPECT_EQ(tally.invalid, 108);
}

} // namespace
} // namespace dovetail::vault
