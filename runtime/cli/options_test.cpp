// SPDX-License-Identifier: Apache-2.0
// One declaration, four places: flag, environment, file, default.
#include "runtime/cli/options.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

namespace dovetail::cli {
namespace {

/// A program with one option of its own, a verb, and a verb in a group.
class OptionPlaces : public testing::Test {
protected:
  ~OptionPlaces() override {
    std::filesystem::remove(file_);
    for (const char* const variable : {"DOVETAIL_PLACE", "DOVETAIL_SYNC_FULL", "DOVETAIL_SYNC_MAX_WAIT",
                                       "DOVETAIL_SYNC_OBJECT", "DOVETAIL_CONFIG"}) {
      ::unsetenv(variable);
    }
  }
  OptionPlaces() = default;
  OptionPlaces(const OptionPlaces&) = delete;
  OptionPlaces& operator=(const OptionPlaces&) = delete;
  OptionPlaces(OptionPlaces&&) = delete;
  OptionPlaces& operator=(OptionPlaces&&) = delete;

  void write_file(const std::string& text) const { std::ofstream(file_) << text; }

  /// What the parser says: nullopt when all is well.
  std::optional<std::string> parse(std::vector<std::string> arguments) {
    CLI::App app("", "program");
    Options global(app, "DOVETAIL_");
    global.value("place", place_, "DIR", "")->default_val("default");
    CLI::App& sync = *app.add_subcommand("sync");
    sync.configurable(false);
    Options options(sync, "DOVETAIL_SYNC_");
    options.flag("full", full_, "");
    options.value("max-wait", max_wait_, "N", "");
    options.list("object", objects_, "OBJECT", "");
    CLI::App& group = *app.add_subcommand("job");
    group.configurable(false);
    CLI::App& list = *group.add_subcommand("list");
    list.configurable(false);
    Options(list, "DOVETAIL_JOB_LIST_").value("limit", limit_, "N", "");
    read_configuration_file(app, file_.string());
    std::reverse(arguments.begin(), arguments.end());
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
    return std::nullopt;
  }

  const std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("dovetail-options-" + std::to_string(::getpid()) + ".toml");
  std::string place_;
  bool full_ = false;
  int max_wait_ = 1;
  int limit_ = 1;
  std::vector<std::string> objects_;
};

TEST_F(OptionPlaces, TheDefaultCountsWhereNothingIsSaid) {
  ASSERT_EQ(parse({"sync"}), std::nullopt);
  EXPECT_EQ(place_, "default");
  EXPECT_FALSE(full_);
  EXPECT_EQ(max_wait_, 1);
}

TEST_F(OptionPlaces, TheFileCountsMoreThanTheDefault) {
  write_file("place = \"file\"\n[sync]\nfull = true\nmax-wait = 2\nobject = [\"a\", \"b\"]\n[job.list]\nlimit = 7\n");
  ASSERT_EQ(parse({"sync"}), std::nullopt);
  EXPECT_EQ(place_, "file");
  EXPECT_TRUE(full_);
  EXPECT_EQ(max_wait_, 2);
  EXPECT_EQ(limit_, 7);
  EXPECT_THAT(objects_, testing::ElementsAre("a", "b"));
}

TEST_F(OptionPlaces, TheEnvironmentCountsMoreThanTheFile) {
  write_file("place = \"file\"\n[sync]\nfull = false\nmax-wait = 2\n");
  ::setenv("DOVETAIL_PLACE", "environment", 1);
  ::setenv("DOVETAIL_SYNC_FULL", "true", 1);
  ::setenv("DOVETAIL_SYNC_MAX_WAIT", "3", 1);
  ASSERT_EQ(parse({"sync"}), std::nullopt);
  EXPECT_EQ(place_, "environment");
  EXPECT_TRUE(full_);
  EXPECT_EQ(max_wait_, 3);
}

TEST_F(OptionPlaces, TheFlagCountsMost) {
  write_file("place = \"file\"\n[sync]\nmax-wait = 2\n");
  ::setenv("DOVETAIL_PLACE", "environment", 1);
  ::setenv("DOVETAIL_SYNC_MAX_WAIT", "3", 1);
  ASSERT_EQ(parse({"--place", "flag", "sync", "--max-wait", "4"}), std::nullopt);
  EXPECT_EQ(place_, "flag");
  EXPECT_EQ(max_wait_, 4);
}

TEST_F(OptionPlaces, UnknownKeysInTheFileAreErrors) {
  for (const char* const text :
       {"plaice = \"x\"\n", "[sync]\nfulll = true\n", "[snyc]\nfull = true\n", "[job.show]\nlimit = 1\n"}) {
    write_file(text);
    EXPECT_NE(parse({"sync"}), std::nullopt) << text;
  }
}

TEST_F(OptionPlaces, AFileThatIsAskedForHasToBeThere) {
  EXPECT_NE(parse({"--config", file_.string() + ".none", "sync"}), std::nullopt);
  ::setenv("DOVETAIL_CONFIG", (file_.string() + ".none").c_str(), 1);
  EXPECT_NE(parse({"sync"}), std::nullopt);
}

TEST_F(OptionPlaces, TheVariableNamesTheFileToo) {
  write_file("place = \"file\"\n");
  ::setenv("DOVETAIL_CONFIG", file_.c_str(), 1);
  ASSERT_EQ(parse({"sync"}), std::nullopt);
  EXPECT_EQ(place_, "file");
}

TEST_F(OptionPlaces, AListTakesOneValueAFlag) {
  ASSERT_EQ(parse({"sync", "--object", "a", "--object", "b"}), std::nullopt);
  EXPECT_THAT(objects_, testing::ElementsAre("a", "b"));
  EXPECT_NE(parse({"sync", "--object", "a", "b"}), std::nullopt);
}

TEST(VariableName, IsTheOptionsInCapitals) {
  EXPECT_EQ(variable_name("max-wait"), "MAX_WAIT");
  EXPECT_EQ(variable_name("job list"), "JOB_LIST");
}

} // namespace
} // namespace dovetail::cli
