// SPDX-License-Identifier: Apache-2.0
#include "core/json/file.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace dovetail::json {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class JsonFile : public testing::Test {
protected:
  JsonFile() : directory_(fs::path(testing::TempDir()) / ("dovetail_json_file_" + std::to_string(::getpid()))) {
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  [[nodiscard]] fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name, std::ios::binary) << text;
    return directory_ / name;
  }

  fs::path directory_;
};

TEST_F(JsonFile, ReadsUpToTheBound) {
  const auto path = write("a.json", std::string("x\0y", 3));
  EXPECT_EQ(*read_file(path, 3), std::string("x\0y", 3));
  const auto longer = read_file(path, 2);
  ASSERT_FALSE(longer.ok());
  EXPECT_EQ(longer.error().code, ErrorCode::resource_exhausted);
  EXPECT_THAT(longer.error().message, HasSubstr("longer than 2 bytes"));
}

TEST_F(JsonFile, SaysWhatCannotBeRead) {
  EXPECT_EQ(read_file(directory_ / "none.json").error().code, ErrorCode::not_found);
  EXPECT_EQ(read_file(directory_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read_file("/dev/zero").error().code, ErrorCode::invalid_argument);
}

TEST_F(JsonFile, ListsJsonFilesByName) {
  for (const auto* name : {"b.json", "a.json", ".hidden.json", "c.txt"}) {
    ASSERT_TRUE(fs::exists(write(name, "{}")));
  }
  const auto files = list_json_files(directory_, 2);
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ(files->front().filename(), "a.json");
  EXPECT_EQ(list_json_files(directory_, 1).error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(list_json_files(directory_ / "none", 1).error().code, ErrorCode::not_found);
}

} // namespace
} // namespace dovetail::json
