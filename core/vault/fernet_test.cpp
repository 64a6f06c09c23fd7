// SPDX-License-Identifier: Apache-2.0
#include "core/vault/fernet.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/vault/encoding.hpp"
#include "core/vault/testing/rings.hpp"

namespace dovetail::vault {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

std::string key_text(char seed) { return base64_encode(testing::key_bytes(seed), Base64Form::url); }

FernetKey key_of(char seed) {
  auto key = FernetKey::parse(Secret(key_text(seed)));
  EXPECT_TRUE(key.ok()) << key.error().message;
  return std::move(key).value();
}

class FernetTest : public ::testing::Test {
protected:
  std::string token_of(std::string_view message, char seed = 'a') {
    auto token = fernet_encrypt(Secret(message), key_of(seed), now_, random_);
    EXPECT_TRUE(token.ok()) << token.error().message;
    return token.ok() ? *token : std::string();
  }
  static ErrorCode code_of(const Result<Secret>& result) {
    EXPECT_FALSE(result.ok());
    return result.ok() ? ErrorCode::unknown : result.error().code;
  }
  /// The token with its last 32 bytes replaced by the right tag, as somebody with the key would do.
  static std::string signed_anew(std::string bytes, char seed) {
    bytes.resize(bytes.size() - sha256_bytes);
    bytes += as_bytes(hmac_sha256(key_of(seed).signing(), bytes));
    return base64_encode(bytes, Base64Form::url);
  }

  const Timestamp now_{std::chrono::sys_days{std::chrono::January / 5 / 2026} + 9h};
  SystemSecureRandom random_;
  const std::vector<FernetKey> keys_{key_of('a')};
};

// VAULT-5
TEST_F(FernetTest, DecryptsWhatItEncryptedAtEveryLengthAroundABlock) {
  for (std::size_t length = 0; length <= 33; ++length) {
    const std::string message(length, 'm');
    const auto opened = fernet_decrypt(token_of(message), keys_, FernetValidity{now_, 60s});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(opened->reveal(), message);
  }
}

// VAULT-5: as MultiFernet does.
TEST_F(FernetTest, TriesEachKeyOfAList) {
  const auto keys = FernetKey::parse_list(Secret(key_text('x') + ", " + key_text('a') + "\n"));
  ASSERT_TRUE(keys.ok()) << keys.error().message;
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ(fernet_decrypt(token_of("value"), *keys, std::nullopt)->reveal(), "value");
  EXPECT_EQ(code_of(fernet_decrypt(token_of("value", 'z'), *keys, std::nullopt)), ErrorCode::unauthenticated);
  EXPECT_EQ(code_of(fernet_decrypt(token_of("value"), {}, std::nullopt)), ErrorCode::unauthenticated);
}

TEST_F(FernetTest, HonoursTheTimeToLiveAndTheClockSkewToTheSecond) {
  const std::string token = token_of("value");
  EXPECT_TRUE(fernet_decrypt(token, keys_, FernetValidity{now_ + 60s, 60s}).ok());
  EXPECT_EQ(code_of(fernet_decrypt(token, keys_, FernetValidity{now_ + 61s, 60s})), ErrorCode::deadline_exceeded);
  EXPECT_TRUE(fernet_decrypt(token, keys_, FernetValidity{now_ - 60s, 60s}).ok());
  EXPECT_EQ(code_of(fernet_decrypt(token, keys_, FernetValidity{now_ - 61s, 60s})), ErrorCode::out_of_range);
  EXPECT_TRUE(fernet_decrypt(token, keys_, std::nullopt).ok()) << "data at rest has no age";
}

TEST_F(FernetTest, AnExtremeTimestampIsTheFuture) {
  std::string bytes = *base64_decode(token_of("value"), Base64Form::url);
  for (const char byte : {'\x7f', '\xff'}) {
    std::fill_n(bytes.begin() + 1, 8, '\xff');
    bytes[1] = byte;
    EXPECT_EQ(code_of(fernet_decrypt(signed_anew(bytes, 'a'), keys_, FernetValidity{now_, 60s})),
              ErrorCode::out_of_range);
  }
}

TEST_F(FernetTest, NoAlteredByteOpens) {
  const std::string bytes = *base64_decode(token_of("a message"), Base64Form::url);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string altered = bytes;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    const auto code = code_of(fernet_decrypt(base64_encode(altered, Base64Form::url), keys_, std::nullopt));
    EXPECT_EQ(code, i == 0 ? ErrorCode::invalid_argument : ErrorCode::unauthenticated);
  }
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(fernet_decrypt(base64_encode(bytes.substr(0, length), Base64Form::url), keys_, std::nullopt).ok());
  }
}

TEST_F(FernetTest, ASignedTokenWithBrokenContentIsRefused) {
  const std::string bytes = *base64_decode(token_of("a message"), Base64Form::url);
  const std::string header = bytes.substr(0, 25);
  const std::string tag(sha256_bytes, '\0');
  EXPECT_EQ(code_of(fernet_decrypt(signed_anew(header + tag, 'a'), keys_, std::nullopt)), ErrorCode::data_loss);
  EXPECT_EQ(code_of(fernet_decrypt(signed_anew(header + std::string(17, 'x') + tag, 'a'), keys_, std::nullopt)),
            ErrorCode::data_loss);
  std::string other_iv = bytes;
  other_iv[9 + 15] = static_cast<char>(other_iv[9 + 15] ^ 1); // the last byte of padding becomes wrong
  EXPECT_EQ(code_of(fernet_decrypt(signed_anew(other_iv, 'a'), keys_, std::nullopt)), ErrorCode::data_loss);
}

TEST_F(FernetTest, BoundsWhatItReads) {
  EXPECT_EQ(code_of(fernet_decrypt(std::string(max_fernet_token_bytes + 1, 'A'), keys_, std::nullopt)),
            ErrorCode::invalid_argument);
  const std::string largest(limits::max_secret_bytes, 'm');
  EXPECT_EQ(fernet_decrypt(token_of(largest), keys_, std::nullopt)->reveal(), largest);
  EXPECT_FALSE(fernet_encrypt(Secret(largest + "m"), keys_[0], now_, random_).ok());
  EXPECT_FALSE(fernet_encrypt(Secret("m"), keys_[0], Timestamp{-1s}, random_).ok());
}

// VAULT-4
TEST_F(FernetTest, RefusesMalformedKeysWithoutRepeatingThem) {
  const std::string key = key_text('a');
  const std::vector<std::string> malformed = {"",
                                              key.substr(1),
                                              key + "A",
                                              key.substr(0, 40) + "====",
                                              base64_encode("short"),
                                              base64_encode(std::string(32, '\xff')),
                                              key + "," + key.substr(4)};
  for (const auto& text : malformed) {
    const auto keys = FernetKey::parse_list(Secret(std::string_view(text)));
    ASSERT_FALSE(keys.ok()) << text;
    EXPECT_EQ(keys.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(keys.error().message, Not(HasSubstr(key.substr(8, 8))));
  }
  std::string many;
  for (int i = 0; i < 33; ++i) {
    many += key_text(static_cast<char>(i)) + " ";
  }
  EXPECT_FALSE(FernetKey::parse_list(Secret(std::string_view(many))).ok());
  EXPECT_FALSE(FernetKey::parse_list(Secret(std::string(5000, ' '))).ok());
}

// VAULT-5
TEST_F(FernetTest, OpensThePayloadOfAWrapperWhateverItsAge) {
  const std::string payload = "  " + token_of(R"({"api_key":"hunter2"})") + "\n";
  const auto opened = open_fernet_payload(payload, Secret(key_text('b') + "," + key_text('a')));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->reveal(), R"({"api_key":"hunter2"})");
  EXPECT_EQ(open_fernet_payload(payload, Secret(key_text('b'))).error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(open_fernet_payload(payload, Secret("no key")).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(open_fernet_payload(" \n", Secret(key_text('a'))).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(open_fernet_payload("", Secret(key_text('a'))).error().code, ErrorCode::invalid_argument);
}

} // namespace
} // namespace dovetail::vault
