// SPDX-License-Identifier: Apache-2.0
#include "runtime/batch/account_files.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/test_store.hpp"

namespace dovetail::batch {
namespace {

namespace fs = std::filesystem;
using dovetail::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(AccountFiles_SYNC15, AreTheVisibleJsonFilesByName) {
  const TemporaryFolder folder;
  EXPECT_EQ(list_account_files(folder.path()).error().code, ErrorCode::not_found);
  for (const char* const name : {"b.json", "a.json", ".hidden.json", "notes.txt"}) {
    write(folder.path() / name, "{}");
  }
  fs::create_directory(folder.path() / "below");
  write(folder.path() / "below" / "c.json", "{}");
  const auto files = list_account_files(folder.path());
  ASSERT_TRUE(files.ok());
  EXPECT_THAT(*files, ElementsAre(folder.path() / "a.json", folder.path() / "b.json"));
  EXPECT_EQ(list_account_files(folder.path() / "missing").error().code, ErrorCode::not_found);
}

TEST(AccountFiles_SYNC15, LinksOutOfTheDirectoryAreNotFollowed) {
  const TemporaryFolder folder;
  const fs::path inside = folder.path() / "configs";
  fs::create_directory(inside);
  fs::create_directory(folder.path() / "configs-of-others");
  write(folder.path() / "configs-of-others" / "x.json", "{}");
  write(inside / "real.json", "{\"a\":1}");
  fs::create_symlink(folder.path() / "configs-of-others" / "x.json", inside / "out.json");
  fs::create_symlink("real.json", inside / "in.json");
  fs::create_symlink("nowhere.json", inside / "broken.json");
  fs::create_directory(inside / "folder.json");
  EXPECT_THAT(read_account_file(inside, inside / "out.json").error().message, HasSubstr("leads out of the directory"));
  const auto linked = read_account_file(inside, inside / "in.json");
  ASSERT_TRUE(linked.ok()) << linked.error().message;
  EXPECT_EQ(linked->text.reveal(), "{\"a\":1}");
  EXPECT_EQ(linked->path, fs::canonical(inside / "real.json"));
  EXPECT_EQ(read_account_file(inside, inside / "broken.json").error().code, ErrorCode::not_found);
  EXPECT_EQ(read_account_file(inside, inside / "folder.json").error().code, ErrorCode::invalid_argument);
}

TEST(AccountFiles_SYNC15, AreBounded) {
  const TemporaryFolder folder;
  write(folder.path() / "a.json", std::string(max_account_file_bytes, ' '));
  EXPECT_TRUE(read_account_file(folder.path(), folder.path() / "a.json").ok());
  write(folder.path() / "a.json", std::string(max_account_file_bytes + 1, ' '));
  EXPECT_EQ(read_account_file(folder.path(), folder.path() / "a.json").error().code, ErrorCode::resource_exhausted);
}

TEST(AccountFiles_SYNC15, OneRunAtATimeWorksOnADirectory) {
  const TemporaryFolder folder;
  {
    const auto first = DirectoryLock::take(folder.path());
    ASSERT_TRUE(first.ok());
    const auto second = DirectoryLock::take(folder.path());
    ASSERT_FALSE(second.ok());
    EXPECT_THAT(second.error().message, HasSubstr("another batch run works on"));
  }
  EXPECT_TRUE(DirectoryLock::take(folder.path()).ok());
  EXPECT_EQ(entries(folder.path()), 0U);
  EXPECT_EQ(DirectoryLock::take(folder.path() / "missing").error().code, ErrorCode::not_found);
  write(folder.path() / "file", "");
  EXPECT_EQ(DirectoryLock::take(folder.path() / "file").error().code, ErrorCode::invalid_argument);
}

TEST(AccountFiles_SYNC15, AreReplacedAsAWholeAndKeepTheirMode) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "a.json";
  ASSERT_TRUE(replace_file(file, "one", {.new_mode = 0640}).ok());
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  ASSERT_EQ(::chmod(file.c_str(), 0604), 0);
  // A draft that a killed run left behind is no hindrance.
  write(folder.path() / ".a.json.new", "half");
  const Secret one("one");
  ASSERT_TRUE(replace_file(file, "two", {.expected = &one}).ok());
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0604U);
  EXPECT_EQ(content(file), "two");
  EXPECT_EQ(replace_file(file, "three", {.expected = &one}).error().code, ErrorCode::aborted);
  EXPECT_EQ(content(file), "two");
  EXPECT_EQ(entries(folder.path()), 1U);
  EXPECT_EQ(replace_file(folder.path() / "missing" / "a.json", "x").error().code, ErrorCode::unavailable);
}

} // namespace
} // namespace dovetail::batch
