// SPDX-License-Identifier: Apache-2.0
#include "dovetail/sdk/json_writer.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "dovetail/testing/json_reader.hpp"

namespace dovetail::sdk {
namespace {

TEST(JsonWriter, WritesEveryKindOfValue) {
  JsonWriter json;
  json.open_object()
      .member("text", "a")
      .member("flag", true)
      .member("small", -1)
      .member("large", std::numeric_limits<std::uint64_t>::max())
      .member("real", 0.1)
      .member("nothing", std::optional<int>())
      .member("nan", std::numeric_limits<double>::quiet_NaN())
      .member("time", Timestamp())
      .name("list")
      .open_array()
      .value(1)
      .value("b")
      .open_object()
      .close()
      .raw("[2]")
      .close()
      .close();
  EXPECT_EQ(json.text(), R"({"text":"a","flag":true,"small":-1,"large":18446744073709551615,"real":0.1,"nothing":null,)"
                         R"("nan":null,"time":"1970-01-01T00:00:00.000Z","list":[1,"b",{},[2]]})");
}

TEST(JsonWriter, EscapesSoThatAnyBytesCanBeRead) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
  }
  bytes += "\xF0\x9F\x98\x80\xED\xA0\x80\xE2\x82";
  JsonWriter json;
  json.value(bytes);
  const auto tree = testing::JsonTree::parse(json.text());
  ASSERT_TRUE(tree.ok()) << tree.error().message;
  const auto& read = (*tree)->root().string;
  EXPECT_EQ(read.substr(0, 128), bytes.substr(0, 128));
  EXPECT_NE(read.find("\xF0\x9F\x98\x80\xEF\xBF\xBD"), std::string::npos);
}

TEST(JsonWriter, ShowsAMistakeAsAnEmptyText) {
  EXPECT_EQ(JsonWriter().open_object().text(), "");
  EXPECT_EQ(JsonWriter().open_object().value(1).close().text(), "");
  EXPECT_EQ(JsonWriter().open_object().name("a").close().text(), "");
  EXPECT_EQ(JsonWriter().open_array().name("a").value(1).close().text(), "");
  EXPECT_EQ(JsonWriter().value(1).value(2).text(), "");
  EXPECT_EQ(JsonWriter().close().text(), "");
  EXPECT_EQ(JsonWriter().text(), "");
}

} // namespace
} // namespace dovetail::sdk
