// SPDX-License-Identifier: Apache-2.0
#include "core/vault/crypto.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/vault/encoding.hpp"

namespace dovetail::vault {
namespace {

using ::testing::HasSubstr;

std::string hex(const Sha256Digest& digest) { return hex_encode(as_bytes(digest)); }

/// A folder that is gone with the test.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "dovetail-crypto-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  TemporaryFolder(TemporaryFolder&&) = delete;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;

  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return path_ / name; }

private:
  std::filesystem::path path_;
};

// FIPS 180-4 examples, as published by NIST's Cryptographic Standards and Guidelines.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, PartsGiveTheDigestOfTheWholeAndItStartsAnewAfterwards) {
  const std::string bytes(1000, 'x');
  Sha256 hash;
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    hash.update(std::string_view(bytes).substr(i, 7));
  }
  EXPECT_EQ(hash.finish(), sha256(bytes));
  hash.update("abc");
  EXPECT_EQ(hash.finish(), sha256("abc"));
}

TEST(Sha256, ReadsFilesUpToTheGivenSize) {
  const TemporaryFolder folder;
  const std::string bytes(200'001, 'f');
  std::ofstream(folder.file("data"), std::ios::binary) << bytes;
  EXPECT_EQ(*sha256_hex_of_file(folder.file("data"), bytes.size()), sha256_hex(bytes));
  const auto too_long = sha256_hex_of_file(folder.file("data"), bytes.size() - 1);
  ASSERT_FALSE(too_long.ok());
  EXPECT_EQ(too_long.error().code, ErrorCode::out_of_range);
  EXPECT_THAT(too_long.error().message, HasSubstr("data"));
}

TEST(Sha256, RefusesWhatIsNoReadableFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(sha256_hex_of_file(folder.file("nothing"), 1).error().code, ErrorCode::not_found);
  EXPECT_EQ(sha256_hex_of_file(folder.file(""), 1).error().code, ErrorCode::invalid_argument);
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  EXPECT_EQ(sha256_hex_of_file(folder.file("pipe"), 1).error().code, ErrorCode::invalid_argument);
}

// RFC 4231, test cases 1, 2 and 6 (a key longer than a block).
TEST(Hmac, GivesTheTagsOfRfc4231) {
  EXPECT_EQ(hex(hmac_sha256(Secret(std::string(20, '\x0b')), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(hmac_sha256(Secret("Jefe"), "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      hex(hmac_sha256(Secret(std::string(131, '\xaa')), "Test Using Larger Than Block-Size Key - Hash Key First")),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, VerifiesTheWholeTagAndNothingElse) {
  const Secret key("a key");
  const std::string tag(as_bytes(hmac_sha256(key, "message")));
  EXPECT_TRUE(hmac_sha256_verify(key, "message", tag));
  EXPECT_FALSE(hmac_sha256_verify(key, "massage", tag));
  EXPECT_FALSE(hmac_sha256_verify(Secret("another key"), "message", tag));
  for (std::size_t length = 0; length < tag.size(); ++length) {
    EXPECT_FALSE(hmac_sha256_verify(key, "message", std::string_view(tag).substr(0, length)));
  }
  EXPECT_FALSE(hmac_sha256_verify(key, "message", tag + '\0'));
  for (std::size_t i = 0; i < tag.size() * 8; ++i) {
    std::string altered = tag;
    altered[i / 8] = static_cast<char>(static_cast<unsigned char>(altered[i / 8]) ^ (1U << (i % 8)));
    EXPECT_FALSE(hmac_sha256_verify(key, "message", altered));
  }
}

TEST(Hmac, TakesAnEmptyKey) {
  // A webhook whose secret was never set must not crash the verifier; computed with an independent implementation.
  EXPECT_EQ(hex(hmac_sha256(Secret(), "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

// RFC 5869, test case 3: no salt, no info.
TEST(Hkdf, GivesTheKeyOfRfc5869) {
  EXPECT_EQ(hex_encode(hkdf_sha256(Secret(std::string(22, '\x0b')), "", 42).reveal()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(ConstantTimeEqual, ComparesLengthAndEveryByte) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "xbc"));
  EXPECT_FALSE(constant_time_equal("abc", "ab"));
  EXPECT_FALSE(constant_time_equal("", "a"));
}

TEST(SecureRandom, DrawsDifferentBytesEachTime) {
  SystemSecureRandom random;
  std::set<std::string> drawn;
  for (int i = 0; i < 1000; ++i) {
    const auto bytes = random.secret(16);
    ASSERT_TRUE(bytes.ok());
    ASSERT_EQ(bytes->size(), 16U);
    drawn.insert(std::string(bytes->reveal()));
  }
  EXPECT_EQ(drawn.size(), 1000U);
  EXPECT_TRUE(random.secret(0)->empty());
}

using Nonce = std::array<std::uint8_t, nonce_bytes>;

TEST(SecureRandom, VAULT_1_NoNonceComesTwiceOnAnyThread) {
  constexpr std::size_t threads = 4;
  constexpr std::size_t each = 5'000;
  SystemSecureRandom random;
  std::vector<Nonce> drawn(threads * each);
  {
    std::vector<std::jthread> workers;
    for (std::size_t thread = 0; thread < threads; ++thread) {
      workers.emplace_back([&random, mine = std::span(drawn).subspan(thread * each, each)] {
        for (Nonce& nonce : mine) {
          EXPECT_TRUE(random.nonce(nonce).ok());
        }
      });
    }
  }
  EXPECT_EQ(std::set<Nonce>(drawn.begin(), drawn.end()).size(), drawn.size());
}

TEST(SecureRandom, VAULT_1_AForkedProcessDrawsOtherNonces) {
  constexpr std::size_t count = 64;
  SystemSecureRandom random;
  Nonce first{};
  ASSERT_TRUE(random.nonce(first).ok()); // so that some are waiting
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  std::array<Nonce, count> drawn{};
  const auto draw = [&] {
    return std::all_of(drawn.begin(), drawn.end(), [&random](Nonce& nonce) { return random.nonce(nonce).ok(); });
  };
  if (child == 0) {
    const bool fine = draw() && ::write(ends[1], drawn.data(), sizeof drawn) == static_cast<ssize_t>(sizeof drawn);
    ::_exit(fine ? 0 : 1);
  }
  ASSERT_TRUE(draw());
  const std::array<Nonce, count> ours = drawn;
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(::read(ends[0], drawn.data(), sizeof drawn), static_cast<ssize_t>(sizeof drawn));
  ::close(ends[0]);
  ::close(ends[1]);
  // The bytes that are not mixed with the time are the kernel's own: those differ, or the memory was shared.
  const auto random_part = [](const Nonce& nonce) { return std::vector<std::uint8_t>(nonce.begin() + 8, nonce.end()); };
  std::set<std::vector<std::uint8_t>> parts;
  for (const Nonce& nonce : ours) {
    parts.insert(random_part(nonce));
  }
  for (const Nonce& nonce : drawn) {
    EXPECT_FALSE(parts.contains(random_part(nonce)));
  }
}

} // namespace
} // namespace dovetail::vault
