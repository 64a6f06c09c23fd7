// SPDX-License-Identifier: Apache-2.0
#include "core/vault/encoding.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace dovetail::vault {
namespace {

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<char>(i));
  }
  return bytes;
}

TEST(Base64, EncodesAndDecodesTheVectorsOfRfc4648) {
  const std::vector<std::pair<std::string, std::string>> vectors = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
}

TEST(Base64, EachFormHasItsOwnAlphabetAndPadding) {
  const std::string bytes = "\xfb\xff\xfe\xff";
  EXPECT_EQ(base64_encode(bytes, Base64Form::standard), "+//+/w==");
  EXPECT_EQ(base64_encode(bytes, Base64Form::url), "-__-_w==");
  EXPECT_EQ(base64_encode(bytes, Base64Form::url_unpadded), "-__-_w");
  EXPECT_EQ(base64_decode("-__-_w==", Base64Form::url), bytes);
  EXPECT_EQ(base64_decode("-__-_w", Base64Form::url_unpadded), bytes);
  EXPECT_EQ(base64_decode("-__-_w==", Base64Form::standard), std::nullopt);
  EXPECT_EQ(base64_decode("+//+/w==", Base64Form::url), std::nullopt);
  EXPECT_EQ(base64_decode("-__-_w", Base64Form::url), std::nullopt);
  EXPECT_EQ(base64_decode("-__-_w==", Base64Form::url_unpadded), std::nullopt);
}

TEST(Base64, RoundTripsEveryByteAtEveryLength) {
  const std::string bytes = all_bytes();
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    const std::string part = bytes.substr(bytes.size() - length);
    for (const auto form : {Base64Form::standard, Base64Form::url, Base64Form::url_unpadded}) {
      EXPECT_EQ(base64_decode(base64_encode(part, form), form), part);
    }
  }
}

TEST(Base64, AcceptsExactlyTheCharactersOfTheAlphabet) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int value = 0; value < 256; ++value) {
    const char letter = static_cast<char>(value);
    const bool known = alphabet.find(letter) != std::string::npos;
    EXPECT_EQ(base64_decode(std::string("AAA") + letter).has_value(), known || letter == '=') << value;
    EXPECT_EQ(base64_decode(std::string(1, letter) + "AAA").has_value(), known) << value;
  }
}

TEST(Base64, RefusesWhatIsNotTheOneTextOfAValue) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "=", "==", "====", "Z===", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm 9v", "Zg==Zg=="}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << '"' << text << '"';
  }
  EXPECT_EQ(base64_decode("Zh", Base64Form::url_unpadded), std::nullopt);
  EXPECT_EQ(base64_decode("Z", Base64Form::url_unpadded), std::nullopt);
}

TEST(Base64, SecretsRoundTripWithoutBecomingStrings) {
  const Secret secret("a secret of some length that is not short");
  const Secret text = base64_encode_secret(secret);
  EXPECT_EQ(text.reveal(), base64_encode(secret.reveal()));
  EXPECT_TRUE(base64_decode_secret(text.reveal()) == secret);
  EXPECT_EQ(base64_decode_secret("%%%%"), std::nullopt);
}

TEST(Hex, RoundTripsEveryByteAndReadsUpperCase) {
  EXPECT_EQ(hex_encode(std::string("\x00\x0f\xa5\xff", 4)), "000fa5ff");
  EXPECT_EQ(hex_decode(hex_encode(all_bytes())), all_bytes());
  EXPECT_EQ(hex_decode("A5fF"), "\xa5\xff");
  for (const char* text : {"a", "0g", "g0", " 00", "0x00", "00 "}) {
    EXPECT_EQ(hex_decode(text), std::nullopt) << text;
  }
}

} // namespace
} // namespace dovetail::vault
