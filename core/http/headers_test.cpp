// SPDX-License-Identifier: Apache-2.0
#include "core/http/headers.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/base/limits.hpp"

namespace dovetail::http {
namespace {

TEST(Headers, KeepTheOrderAndCompareNamesWithoutCase) {
  Headers headers;
  ASSERT_TRUE(headers.add("Link", "<a>; rel=next").ok());
  ASSERT_TRUE(headers.add("ETag", "  W/\"1\" ").ok());
  ASSERT_TRUE(headers.add("LINK", "<b>").ok());
  EXPECT_EQ(headers.find("link"), "<a>; rel=next");
  EXPECT_EQ(headers.find("etag"), "W/\"1\"");
  EXPECT_EQ(headers.join("Link"), "<a>; rel=next, <b>");
  EXPECT_EQ(headers.begin()->name, "Link");
  EXPECT_FALSE(headers.find("absent"));
  EXPECT_TRUE(headers.set("link", "<c>").ok());
  EXPECT_EQ(headers.join("Link"), "<c>");
  EXPECT_EQ(headers.size(), 2U);
  headers.remove("Link");
  EXPECT_FALSE(headers.contains("link"));
}

TEST(Headers, RefuseWhatWouldSmuggleALineAndDoNotShowTheValue) {
  Headers headers;
  for (const std::string& value :
       {std::string("a\r\nX: y"), std::string("a\nb"), std::string("a\0b", 3), std::string("a\x7F")}) {
    const auto status = headers.add("X-Token", value);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(status.error().message.find(value), std::string::npos);
  }
  for (const std::string name : {"", "a b", "a:", "a\r", "\xC3\xA9"}) {
    EXPECT_FALSE(headers.add(name, "v").ok()) << name;
  }
  EXPECT_TRUE(headers.empty());
}

TEST(Headers, AreBoundedInNumberAndSize) { // HTTP-5
  Headers many;
  for (std::size_t i = 0; i < limits::max_headers; ++i) {
    ASSERT_TRUE(many.add("a", "b").ok());
  }
  EXPECT_EQ(many.add("a", "b").error().code, ErrorCode::out_of_range);
  Headers large;
  EXPECT_EQ(large.add("a", std::string(limits::max_header_bytes, 'x')).error().code, ErrorCode::out_of_range);
  ASSERT_TRUE(large.add("a", std::string(limits::max_header_bytes - 1, 'x')).ok());
  EXPECT_TRUE(large.set("a", std::string(limits::max_header_bytes - 1, 'y')).ok()) << "what is replaced makes room";
}

} // namespace
} // namespace dovetail::http
