// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/secret_sources.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

namespace dovetail::cli {
namespace {

class SecretFile : public testing::Test {
protected:
  SecretFile() { std::filesystem::create_directories(folder_); }
  ~SecretFile() override { std::filesystem::remove_all(folder_); }
  SecretFile(const SecretFile&) = delete;
  SecretFile& operator=(const SecretFile&) = delete;
  SecretFile(SecretFile&&) = delete;
  SecretFile& operator=(SecretFile&&) = delete;

  std::string file(const std::string& content) const {
    const std::filesystem::path path = folder_ / "secret";
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("dovetail-secret-sources-" + std::to_string(::getpid()));
};

TEST_F(SecretFile, IsReadWithoutTheLineBreakAtItsEnd) {
  for (const char* const content : {"s3cret value", "s3cret value\n", "s3cret value\r\n"}) {
    const auto secret = read_secret_file(file(content));
    ASSERT_TRUE(secret.ok());
    EXPECT_EQ(secret->reveal(), "s3cret value");
  }
}

TEST_F(SecretFile, MayBeAsLongAsTheBoundAndNoLonger) {
  EXPECT_TRUE(read_secret_file(file("12345678"), 8).ok());
  EXPECT_TRUE(read_secret_file(file("12345678\n"), 8).ok());
  const auto secret = read_secret_file(file("123456789"), 8);
  ASSERT_FALSE(secret.ok());
  EXPECT_EQ(secret.error().code, ErrorCode::resource_exhausted);
}

TEST_F(SecretFile, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(read_secret_file((folder_ / "none").string()).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_secret_file(folder_.string()).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read_secret_file(file("\n")).error().code, ErrorCode::invalid_argument);
}

TEST(SecretVariable, HasToBeSet) {
  ASSERT_EQ(::setenv("DOVETAIL_TEST_SECRET", "from the environment", 1), 0);
  const auto secret = read_secret_variable("DOVETAIL_TEST_SECRET");
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->reveal(), "from the environment");
  ASSERT_EQ(::setenv("DOVETAIL_TEST_SECRET", "", 1), 0);
  EXPECT_EQ(read_secret_variable("DOVETAIL_TEST_SECRET").error().code, ErrorCode::not_found);
}

TEST(SecretSources, AreNamesAndPlaces) {
  const auto sources = parse_sources("secret-env", {"token=A_TOKEN", "client-secret=OTHER"});
  ASSERT_TRUE(sources.ok());
  EXPECT_THAT(*sources, testing::UnorderedElementsAre(testing::Pair("token", "A_TOKEN"),
                                                      testing::Pair("client-secret", "OTHER")));
}

TEST(SecretSources, RefuseWhatIsNoneWithoutRepeatingIt) {
  for (const char* const text : {"ghp_canary8f3a", "Canary Name=X", "token=", "=canary"}) {
    const auto sources = parse_sources("secret-env", {text});
    ASSERT_FALSE(sources.ok()) << text;
    EXPECT_THAT(sources.error().message, testing::Not(testing::HasSubstr("canary")));
  }
  EXPECT_FALSE(parse_sources("secret-env", {"token=A", "token=B"}).ok());
}

} // namespace
} // namespace dovetail::cli
