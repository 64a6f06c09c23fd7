// SPDX-License-Identifier: Apache-2.0
#include "core/sync/position.hpp"

#include <gtest/gtest.h>

#include "core/base/time.hpp"

namespace dovetail::sync {
namespace {

TEST(Position, ComesBackAsItWasWritten) {
  Position position;
  position.full = true;
  position.pass_id = 9'007'199'254'740'993;
  position.mapping_signature = 0xfedc'ba98'7654'3210U;
  position.started_at = *parse_iso8601("2026-01-05T09:00:00.123456Z");
  position.source = 0xfedc'ba98'7654'3211U;
  position.unidentified = true;
  position.cursor = R"({"page":"/repos/a/b?x=\"1\""})";
  position.parents = {{"17", 3}, {"18", 1}};
  position.last_parent = "16";
  position.done = true;
  position.high_water = *parse_iso8601("2026-01-04T00:00:00Z");
  const auto again = Position::from_json(position.to_json());
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(*again, position);
}

TEST(Position, SaysWhatToDoWhenItIsDamaged) {
  for (const auto* text :
       {"", "{", "[]", R"({"version":2,"pass_id":1,"mapping_signature":"1","started_at_us":0,"cursor":""})"}) {
    const auto position = Position::from_json(text);
    ASSERT_FALSE(position.ok()) << text;
    EXPECT_EQ(position.error().code, ErrorCode::data_loss);
    EXPECT_NE(position.error().message.find("--full"), std::string::npos);
  }
}

} // namespace
} // namespace dovetail::sync
