// SPDX-License-Identifier: Apache-2.0
#include "core/sync/object_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dovetail::sync {
namespace {

const std::vector<ObjectNode> objects{
    {"review", "pull_request"}, {"member", ""}, {"pull_request", "repository"}, {"repository", ""}};

TEST(ObjectOrder, PutsParentsBeforeTheirChildrenAndKeepsTheManifestsOrderOtherwise) {
  const auto ordered = order_objects(objects, {});
  ASSERT_TRUE(ordered.ok());
  EXPECT_THAT(*ordered, testing::ElementsAre("member", "repository", "pull_request", "review"));
}

TEST(ObjectOrder, TakesOnlyWhatWasAskedForAndAddsNoParents) {
  const std::vector<std::string> selected{"review", "repository"};
  const auto ordered = order_objects(objects, selected);
  ASSERT_TRUE(ordered.ok());
  EXPECT_THAT(*ordered, testing::ElementsAre("repository", "review"));
}

TEST(ObjectOrder, NamesTheKnownObjectsWhenOneIsUnknown) {
  const std::vector<std::string> selected{"pulls"};
  const auto ordered = order_objects(objects, selected);
  ASSERT_FALSE(ordered.ok());
  EXPECT_EQ(ordered.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(ordered.error().message, testing::HasSubstr("review, member, pull_request, repository"));
}

TEST(ObjectOrder, RefusesACircle) {
  const std::vector<ObjectNode> circle{{"a", "b"}, {"b", "a"}};
  const auto ordered = order_objects(circle, {});
  ASSERT_FALSE(ordered.ok());
  EXPECT_EQ(ordered.error().code, ErrorCode::failed_precondition);
}

} // namespace
} // namespace dovetail::sync
