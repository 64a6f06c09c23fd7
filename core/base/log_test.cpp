// SPDX-License-Identifier: Apache-2.0
#include "core/base/log.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

namespace dovetail {
namespace {

class LogFile {
public:
  LogFile() {
    std::string name = (std::filesystem::temp_directory_path() / "dovetail-log-XXXXXX").string();
    close(mkstemp(name.data()));
    path_ = name;
  }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  LogFile(LogFile&&) = delete;
  LogFile& operator=(LogFile&&) = delete;
  ~LogFile() { std::filesystem::remove(path_); }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::ifstream in(path_);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) {
      out.push_back(line);
    }
    return out;
  }

private:
  std::string path_;
};

class Log : public testing::Test {
protected:
  // The logger is closed before the file is read, so that nothing waits in a buffer.
  template <typename Write> std::vector<std::string> logged(LogLevel level, Write write) {
    const auto logger = make_logger(LogOptions{.level = level, .file = file_.path()}, redactor_, clock_);
    write(*logger);
    logger->error("end");
    auto lines = file_.lines();
    lines.pop_back();
    return lines;
  }

  LogFile file_;
  Redactor redactor_;
  VirtualClock clock_{Timestamp{std::chrono::sys_days{std::chrono::January / 5 / 2026} + std::chrono::hours(9)}};
};

TEST_F(Log, WritesOneJsonObjectALine) { // API-8
  const auto lines = logged(LogLevel::info, [](Logger& logger) {
    logger.info("page stored", {{"tenant", "acme"}, {"rows", 30}, {"seconds", 0.5}, {"dry", false}});
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], R"({"time":"2026-01-05T09:00:00.000Z","level":"info","message":"page stored",)"
                      R"("tenant":"acme","rows":30,"seconds":0.5,"dry":false})");
}

TEST_F(Log, EscapesWhatJsonCannotHold) {
  const auto lines = logged(LogLevel::info, [](Logger& logger) {
    logger.info("a\"b\\c\nd\x01", {{"text", std::string_view("\xC3\xA9|\xFF|\xE2\x82|\xED\xA0\x80|\xF0\x9F\x99\x82")},
                                   {"bad", std::numeric_limits<double>::infinity()}});
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find(R"("message":"a\"b\\c\nd\u0001")"), std::string::npos) << lines[0];
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_NE(lines[0].find("\"text\":\"\xC3\xA9|" + mark + "|" + mark + mark + "|" + mark + mark + mark +
                          "|\xF0\x9F\x99\x82\""),
            std::string::npos)
      << lines[0];
  EXPECT_NE(lines[0].find("\"bad\":null"), std::string::npos) << lines[0];
}

TEST_F(Log, SendsEveryTextThroughTheRedactor) { // HTTP-4, API-8
  redactor_.remember(Secret("cnry7Qx2LmZ9"));
  const auto lines = logged(LogLevel::info, [](Logger& logger) {
    logger.info("got cnry7Qx2LmZ9", {{"url", "https://h/?code=abc&x=1"},
                                     {"access_token", "short"},
                                     {"code", "not_found"},
                                     {"error", std::string("bad cnry7Qx2LmZ9")}});
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].substr(lines[0].find("\"message\"")),
            R"("message":"got [redacted]","url":"https://h/?code=[redacted]&x=1","access_token":"[redacted]",)"
            R"("code":"not_found","error":"bad [redacted]"})");
}

TEST_F(Log, LeavesOutWhatIsBelowItsLevel) {
  const auto lines = logged(LogLevel::warning, [](Logger& logger) {
    logger.debug("no");
    logger.info("no");
    logger.warning("yes");
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("\"level\":\"warning\""), std::string::npos);
}

TEST_F(Log, CutsTextsThatAreTooLongForALine) {
  const auto lines = logged(LogLevel::info, [](Logger& logger) { logger.info(std::string(1U << 20U, 'x')); });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_LT(lines[0].size(), 20U << 10U);
  EXPECT_NE(lines[0].find("xxx...(cut)\""), std::string::npos);
}

} // namespace
} // namespace dovetail
