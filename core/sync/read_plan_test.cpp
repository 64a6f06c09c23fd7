// SPDX-License-Identifier: Apache-2.0
#include "core/sync/read_plan.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/time.hpp"

namespace dovetail::sync {
namespace {

class ListedParents final : public ParentSource {
public:
  std::map<std::string, std::int64_t> parents;
  std::map<std::string, Timestamp, std::less<>> marks;
  int asked = 0; ///< how often for what is known of parents

  Result<std::vector<ParentRow>> behind(std::string_view after, std::size_t limit) override {
    std::vector<ParentRow> rows;
    for (auto at = parents.upper_bound(std::string(after)); at != parents.end() && rows.size() < limit; ++at) {
      rows.push_back(row(at->first, at->second));
    }
    return rows;
  }
  Result<std::vector<ParentRow>> rows(std::span<const ParentKey> keys) override {
    ++asked;
    std::vector<ParentRow> found;
    for (const auto& key : keys) {
      if (parents.contains(key.external_id)) {
        found.push_back(row(key.external_id, key.version));
      }
    }
    return found;
  }
  Result<std::optional<Timestamp>> high_water(std::string_view parent) override {
    ++asked;
    const auto found = marks.find(parent);
    return found == marks.end() ? std::optional<Timestamp>() : std::optional<Timestamp>(found->second);
  }

private:
  static ParentRow row(const std::string& id, std::int64_t version) {
    return {.key = {.external_id = id, .version = version}, .json = R"({"external_id":")" + id + R"("})"};
  }
};

FetchedPage page(std::string next) {
  FetchedPage fetched;
  fetched.requests = 1;
  fetched.exhausted = next.empty();
  fetched.next_cursor = std::move(next);
  return fetched;
}

Position beginning() {
  Position position;
  position.started_at = *parse_iso8601("2026-02-01T00:00:00Z");
  return position;
}

TEST(ReadPlan, FollowsTheCursorOfAnObjectWithoutAParentToItsEnd) {
  ListedParents none;
  ReadPlan plan({.object = "member"}, none, beginning());
  ASSERT_EQ((*plan.current())->cursor, "");
  auto step = plan.advance(page("2"));
  ASSERT_TRUE(step.ok());
  EXPECT_EQ(step->next->cursor, "2");
  EXPECT_EQ(step->position.cursor, "2");
  step = plan.advance(page(""));
  ASSERT_TRUE(step.ok());
  EXPECT_FALSE(step->next);
  ReadPlan again({.object = "member"}, none, step->position);
  EXPECT_FALSE(*again.current()) << "what was read to its end is not read again by who takes it up there";
}

TEST(ReadPlan, RemembersFromWhenItReadsEvenWhenNothingHasChangedSince_SYNC_8) {
  ListedParents parents;
  parents.parents = {{"a", 0}};
  ReadPlan plan({.object = "commit",
                 .parent_mode = ParentMode::each,
                 .delta = true,
                 .initial_mode = InitialSyncMode::delta_only_from_now},
                parents, beginning());
  ASSERT_EQ((*plan.current())->since, beginning().started_at);
  const auto step = plan.advance(page(""));
  ASSERT_TRUE(step.ok());
  ASSERT_TRUE(step->mark) << "else the next read begins at its own now, and what lies between is never read";
  EXPECT_EQ(*step->mark, std::pair(std::string("a"), beginning().started_at));
}

TEST(ReadPlan, VisitsEachParentInOrderWithItsOwnHighWaterMarkLessTheOverlap_SYNC_8) {
  ListedParents parents;
  parents.parents = {{"a", 0}, {"b", 0}};
  parents.marks.emplace("a", *parse_iso8601("2026-01-10T00:00:00Z"));
  ReadPlan plan(
      {.object = "pull_request", .parent_mode = ParentMode::each, .delta = true, .overlap = std::chrono::hours(1)},
      parents, beginning());
  auto request = plan.current();
  ASSERT_TRUE(request.ok() && *request);
  EXPECT_EQ((*request)->parents, R"([{"external_id":"a"}])");
  EXPECT_EQ((*request)->since, parse_iso8601("2026-01-09T23:00:00Z"));
  auto done = page("");
  done.high_water = parse_iso8601("2026-01-20T00:00:00Z");
  auto step = plan.advance(done);
  ASSERT_TRUE(step.ok());
  ASSERT_TRUE(step->mark);
  EXPECT_EQ(step->mark->first, "a");
  EXPECT_EQ(step->mark->second, parse_iso8601("2026-01-20T00:00:00Z"));
  ASSERT_TRUE(step->next);
  EXPECT_EQ(step->next->parents, R"([{"external_id":"b"}])");
  EXPECT_FALSE(step->next->since) << "a parent that was never read is read from its beginning";
  step = plan.advance(page(""));
  ASSERT_TRUE(step.ok());
  EXPECT_FALSE(step->mark);
  EXPECT_FALSE(step->next);
}

TEST(ReadPlan, ReadsAParentToItsEndFromWhereItBegan_SYNC_8) {
  ListedParents parents;
  parents.parents = {{"a", 0}};
  parents.marks.emplace("a", *parse_iso8601("2026-01-10T00:00:00Z"));
  ReadPlan plan({.object = "pull_request", .parent_mode = ParentMode::each, .delta = true}, parents, beginning());
  const auto first = plan.current();
  ASSERT_TRUE(first.ok() && *first);
  const int asked = parents.asked;
  for (const char* cursor : {"2", "3", "4"}) {
    parents.marks["a"] =
        *parse_iso8601("2026-01-31T00:00:00Z"); // by whoever; the provider's cursor belongs to the first one
    const auto step = plan.advance(page(cursor));
    ASSERT_TRUE(step.ok() && step->next);
    EXPECT_EQ(step->next->cursor, cursor);
    EXPECT_EQ(step->next->since, (*first)->since);
    EXPECT_EQ(step->next->parents, (*first)->parents);
  }
  EXPECT_EQ(parents.asked, asked) << "a page costs no look into the database";
}

TEST(ReadPlan, GoesOnWhereAnEarlierProcessStopped_SYNC_4) {
  ListedParents parents;
  parents.parents = {{"a", 0}, {"b", 0}, {"c", 0}};
  ReadPlan first({.object = "pull_request", .parent_mode = ParentMode::each}, parents, beginning());
  ASSERT_TRUE(first.current().ok());
  ASSERT_TRUE(first.advance(page("")).ok());
  const auto stored = first.advance(page("b2"));
  ASSERT_TRUE(stored.ok());
  const auto again = Position::from_json(stored->position.to_json());
  ASSERT_TRUE(again.ok());
  ReadPlan second({.object = "pull_request", .parent_mode = ParentMode::each}, parents, *again);
  auto request = second.current();
  ASSERT_TRUE(request.ok() && *request);
  EXPECT_EQ((*request)->parents, R"([{"external_id":"b"}])");
  EXPECT_EQ((*request)->cursor, "b2");
  const auto step = second.advance(page(""));
  ASSERT_TRUE(step.ok() && step->next);
  EXPECT_EQ(step->next->parents, R"([{"external_id":"c"}])");
  EXPECT_EQ(step->next->cursor, "");
}

TEST(ReadPlan, TakesChangedParentsInBatchesAndNamesThoseReadToTheEnd) {
  ListedParents queue;
  queue.parents = {{"1", 4}, {"2", 1}, {"3", 1}};
  ReadPlan plan({.object = "review", .parent_mode = ParentMode::changed, .batch = 2}, queue, beginning());
  auto request = plan.current();
  ASSERT_TRUE(request.ok() && *request);
  EXPECT_EQ((*request)->parents, R"([{"external_id":"1"},{"external_id":"2"}])");
  auto step = plan.advance(page("more"));
  ASSERT_TRUE(step.ok() && step->next);
  EXPECT_TRUE(step->consumed.empty());
  EXPECT_EQ(step->next->parents, (*request)->parents) << "the cursor belongs to this batch";
  step = plan.advance(page(""));
  ASSERT_TRUE(step.ok() && step->next);
  EXPECT_THAT(step->consumed, testing::ElementsAre(ParentKey{"1", 4}, ParentKey{"2", 1}));
  EXPECT_EQ(step->next->parents, R"([{"external_id":"3"}])");
  step = plan.advance(page(""));
  ASSERT_TRUE(step.ok());
  EXPECT_FALSE(step->next);
  queue.parents = {{"0", 1}};
  request = plan.current();
  ASSERT_TRUE(request.ok() && *request) << "what came into the queue meanwhile is found by asking again";
  EXPECT_EQ((*request)->parents, R"([{"external_id":"0"}])");
}

TEST(ReadPlan, SkipsAParentThatWentAwayWhileTheReadWasStopped) {
  ListedParents parents;
  parents.parents = {{"b", 0}};
  Position position = beginning();
  position.parents = {{"a", 0}};
  position.cursor = "a2";
  ReadPlan plan({.object = "pull_request", .parent_mode = ParentMode::each}, parents, position);
  const auto request = plan.current();
  ASSERT_TRUE(request.ok() && *request);
  EXPECT_EQ((*request)->parents, R"([{"external_id":"b"}])");
  EXPECT_EQ((*request)->cursor, "");
}

TEST(ReadPlan, ReadsABatchFromItsBeginningWhenOneOfItsParentsWentAway) {
  ListedParents queue;
  queue.parents = {{"1", 4}, {"3", 1}};
  Position position = beginning();
  position.parents = {{"1", 4}, {"2", 1}, {"3", 1}};
  position.cursor = R"({"at":2})";
  ReadPlan plan({.object = "review", .parent_mode = ParentMode::changed, .batch = 3}, queue, position);
  const auto request = plan.current();
  ASSERT_TRUE(request.ok() && *request);
  EXPECT_EQ((*request)->cursor, "") << "the third of three is not the third of two";
  EXPECT_EQ((*request)->parents, R"([{"external_id":"1"},{"external_id":"3"}])");
  const auto step = plan.advance(page(""));
  ASSERT_TRUE(step.ok());
  EXPECT_THAT(step->consumed, testing::ElementsAre(ParentKey{"1", 4}, ParentKey{"3", 1}));
}

TEST(ReadPlan, ReadsEverythingInAFullReadAndAsTheInitialModeSaysInTheFirst_SYNC_8) {
  ListedParents none;
  none.marks.emplace("", *parse_iso8601("2026-01-10T00:00:00Z"));
  Position full = beginning();
  full.full = true;
  ReadPlan everything({.object = "commit", .delta = true}, none, full);
  EXPECT_FALSE((*everything.current())->since);
  none.marks.clear();
  ReadPlan dated({.object = "commit",
                  .delta = true,
                  .initial_mode = InitialSyncMode::delta_only_after_date,
                  .initial_since = parse_iso8601("2026-01-01T00:00:00Z")},
                 none, beginning());
  EXPECT_EQ((*dated.current())->since, parse_iso8601("2026-01-01T00:00:00Z"));
  ReadPlan from_now({.object = "commit", .delta = true, .initial_mode = InitialSyncMode::delta_only_from_now}, none,
                    beginning());
  EXPECT_EQ((*from_now.current())->since, parse_iso8601("2026-02-01T00:00:00Z"));
}

TEST(ReadPlan, EndsAReadThatDoesNotGetOn) {
  ListedParents none;
  ReadPlan same({.object = "member"}, none, beginning());
  ASSERT_TRUE(same.current().ok());
  ASSERT_TRUE(same.advance(page("2")).ok());
  const auto stuck = same.advance(page("2"));
  ASSERT_FALSE(stuck.ok());
  EXPECT_EQ(stuck.error().code, ErrorCode::failed_precondition);

  ReadPlan empty({.object = "member"}, none, beginning());
  ASSERT_TRUE(empty.current().ok());
  std::size_t pages = 0;
  for (; pages < 2'000; ++pages) {
    FetchedPage nothing;
    nothing.next_cursor = std::to_string(pages + 1);
    if (!empty.advance(nothing).ok()) {
      break;
    }
  }
  EXPECT_EQ(pages, 1'000U);
}

TEST(ReadPlan, ReadsTheParentsOfARefusedPageOneByOneAndPassesOverTheOneThatIsRefusedAlone_SYNC_8) {
  ListedParents parents;
  parents.parents = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}};
  ReadPlan plan({.object = "review", .parent_mode = ParentMode::changed, .batch = 3}, parents, beginning());
  ASSERT_EQ((*plan.current())->parents, R"([{"external_id":"a"},{"external_id":"b"},{"external_id":"c"}])");
  auto refusal = plan.refuse();
  ASSERT_TRUE(refusal.ok() && refusal->next);
  EXPECT_FALSE(refusal->parent) << "nobody knows yet which it was";
  EXPECT_EQ(refusal->next->parents, R"([{"external_id":"a"}])");
  auto step = plan.advance(page(""));
  ASSERT_TRUE(step.ok() && step->next);
  EXPECT_EQ(step->next->parents, R"([{"external_id":"b"}])");
  refusal = plan.refuse();
  ASSERT_TRUE(refusal.ok() && refusal->next);
  EXPECT_EQ(refusal->parent, "b");
  EXPECT_EQ(refusal->next->parents, R"([{"external_id":"c"}])");
  step = plan.advance(page(""));
  ASSERT_TRUE(step.ok() && step->next);
  ASSERT_EQ(step->consumed.size(), 1U);
  EXPECT_EQ(step->consumed[0].external_id, "c");
  EXPECT_EQ(step->next->parents, R"([{"external_id":"d"},{"external_id":"e"}])") << "together again";
}

TEST(ReadPlan, BeginsTheParentsOfARefusedPageAtTheirBeginning) {
  ListedParents parents;
  parents.parents = {{"a", 1}, {"b", 1}};
  ReadPlan plan({.object = "review", .parent_mode = ParentMode::changed, .batch = 2}, parents, beginning());
  ASSERT_TRUE((*plan.current()).has_value());
  ASSERT_EQ(plan.advance(page(R"({"at":1})"))->next->cursor, R"({"at":1})");
  const auto refusal = plan.refuse();
  ASSERT_TRUE(refusal.ok() && refusal->next);
  EXPECT_EQ(refusal->next->cursor, "") << "the cursor belongs to both together";
}

} // namespace
} // namespace dovetail::sync
