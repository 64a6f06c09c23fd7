// SPDX-License-Identifier: Apache-2.0
// One object's sync over a scripted source and a real store: what stays when it ends early, and what a pass may conclude from what it saw.
#include "core/sync/object_sync.hpp"

#include <chrono>
#include <condition_variable>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json/document.hpp"
#include "core/store/job_repository.hpp"
#include "core/store/sync_state_repository.hpp"
#include "core/sync/scripted_pages.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::sync {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing_world::page;
using testing_world::Script;
using testing_world::ScriptedSource;

class ObjectSyncTest : public ::testing::TestWithParam<store::Dialect> {
protected:
  void SetUp() override {
    if (!dovetail::testing::TestStore::available(GetParam())) {
      GTEST_SKIP() << "this machine has no PostgreSQL";
    }
    store_.emplace(GetParam());
    tenant_ = store_->add_tenant("acme");
    connection_ = store_->add_connection(tenant_, "acme");
    thing_.name = "thing";
    part_.name = "part";
    for (auto* model : {&thing_, &part_}) {
      model->label = model->name;
      model->fields = {{"name", model::FieldType::text, "", false}};
      tables_.push_back({.model = model, .match_by = {}});
    }
    ASSERT_TRUE(store::ensure_tables(store_->database(), tables_).ok());
    things_ = object("thing");
    things_.deletions = manifest::Deletions::full_pass;
    parts_ = object("part");
    parts_.parent =
        manifest::Parent{.object = "thing", .mode = manifest::ParentMode::each, .fields = {{"name", "name"}}};
    manifest_.provider_key = "acme";
  }

  [[nodiscard]] manifest::Object object(const std::string& key) const {
    manifest::Object made;
    made.key = key;
    made.model = key;
    made.capabilities.list = true;
    made.default_mapping = mappings_.root()[key];
    return made;
  }

  [[nodiscard]] ObjectTask task(const manifest::Object& object, DryRunParents* dry_run_parents = nullptr) {
    ObjectTask made;
    made.tenant = tenant_;
    made.connection = connection_;
    made.manifest = &manifest_;
    made.object = &object;
    made.model = &object == &things_ ? &thing_ : &part_;
    made.parent_model = object.parent ? &thing_ : nullptr;
    made.tables = tables_;
    made.source = source_;
    if (&object == &things_) {
      made.child_parents = {{"part", *parts_.parent}};
    }
    made.make_source = [this](JobId /*job*/) -> Result<std::unique_ptr<PageSource>> {
      return std::unique_ptr<PageSource>(std::make_unique<ScriptedSource>(script_));
    };
    made.dry_run_parents = dry_run_parents;
    return made;
  }

  ObjectReport run(const ObjectTask& task, SyncOptions options = {}, ObjectSyncTuning tuning = {.keep_lease = false}) {
    options.prefetch = prefetch_;
    script_.asked.clear();
    ObjectReport report;
    ObjectSync({store_->database(), store_->ids(), store_->clock(), store_->logger(), redactor_}, tuning)
        .run(task, options, {}, nullptr, report);
    return report;
  }
  ObjectReport run_with(std::vector<Result<FetchedPage>> answers, SyncOptions options = {}) {
    script_.answers.assign(std::make_move_iterator(answers.begin()), std::make_move_iterator(answers.end()));
    return run(task(things_), std::move(options));
  }
  [[nodiscard]] std::string active() { return store_->raw("SELECT count(*) FROM thing WHERE state = 'active'"); }
  /// Asks the job that runs to end, as another process would.
  void cancel_running() {
    const auto running = jobs().list({.state = store::JobState::running}, 2);
    ASSERT_TRUE(running.ok());
    ASSERT_THAT(*running, SizeIs(1));
    ASSERT_TRUE(jobs().request_cancel(running->front().id).ok());
  }
  [[nodiscard]] store::JobRepository jobs() { return {{store_->database(), tenant_}, store_->ids()}; }

  std::optional<dovetail::testing::TestStore> store_;
  TenantId tenant_;
  ConnectionId connection_;
  Redactor redactor_;
  model::Model thing_;
  model::Model part_;
  std::vector<store::TableSpec> tables_;
  json::Document mappings_ =
      *json::Document::parse(R"({"thing":{"model":"thing","externalId":"/id","fields":{"name":"/name"}},)"
                             R"("part":{"model":"part","externalId":"/id","fields":{"name":"/name"}},)"
                             R"("other":{"model":"thing","externalId":"/id","fields":{"name":"/id"}}})");
  manifest::Manifest manifest_{*json::Document::parse("{}")};
  manifest::Object things_;
  manifest::Object parts_;
  std::uint64_t source_ = 1;
  bool prefetch_ = false;
  Script script_;
};

TEST_P(ObjectSyncTest, SeesRecordsOnPagesWithoutAKeyToo_SYNC_7) {
  for (int round = 0; round < 2; ++round) {
    const auto report =
        run_with({page(R"([{"id":1,"name":"a"},{"id":2,"name":"b"}])", "2"), page(R"([{"id":3,"name":"c"}])")});
    ASSERT_FALSE(report.error) << report.error->message;
    EXPECT_EQ(report.counts.removed, 0);
    EXPECT_EQ(active(), "3");
  }
  const auto report = run_with({page(R"([{"id":1,"name":"a"},{"id":2,"name":"b"}])")});
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(report.counts.removed, 1);
}

TEST_P(ObjectSyncTest, RemovesNothingWhenARecordCameThatCannotBeTold_SYNC_7) {
  ASSERT_FALSE(run_with({page(R"([{"id":1,"name":"a"},{"id":2,"name":"b"}])")}).error);
  // Also when the record came in a run before.
  auto report =
      run_with({page(R"([{"id":1,"name":"a"},{"id":null,"name":"b"}])", "2"), unavailable("gone for a while")});
  ASSERT_TRUE(report.error);
  report = run_with({page("[]")});
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_TRUE(report.resumed);
  EXPECT_EQ(report.counts.removed, 0);
  EXPECT_EQ(active(), "2");
  report = run_with({page(R"([{"id":1,"name":"a"}])")});
  EXPECT_EQ(report.counts.removed, 1) << "the next complete read removes it";
}

/// Answers by cursor, as a provider does: five pages of one record, of which the fourth names a page that the store does not know.
class SourceWithAFaultyPage final : public PageSource {
public:
  explicit SourceWithAFaultyPage(bool faulty) : faulty_(faulty) {}
  [[nodiscard]] Result<FetchedPage> fetch(const PageRequest& request, const Cancellation& /*cancellation*/) override {
    const int number = request.cursor.empty() ? 1 : std::stoi(request.cursor);
    auto made = page(R"([{"id":)" + std::to_string(number) + "}]", number < 5 ? std::to_string(number + 1) : "");
    if (faulty_ && number == 4) {
      made.unchanged.emplace_back("never seen");
    }
    return made;
  }
  [[nodiscard]] Exchanges exchanges() const override { return {}; }

private:
  bool faulty_;
};

TEST_P(ObjectSyncTest, KeepsThePagesBeforeOneThatFailsWhicheverSharedACommit_SYNC_4) {
  prefetch_ = true;
  // Which pages are ready at once, and so share a commit, is up to the threads.
  for (int round = 0; round < 25; ++round) {
    auto wanted = task(things_);
    wanted.source = static_cast<std::uint64_t>(round) + 2; // begins anew
    for (const bool faulty : {true, false}) {
      wanted.make_source = [faulty](JobId /*job*/) -> Result<std::unique_ptr<PageSource>> {
        return std::unique_ptr<PageSource>(std::make_unique<SourceWithAFaultyPage>(faulty));
      };
      const auto report = run(wanted, {.full = faulty});
      EXPECT_EQ(report.error.has_value(), faulty);
      EXPECT_EQ(report.counts.pages, faulty ? 3 : 2);
      EXPECT_EQ(report.counts.fetched, faulty ? 3 : 2);
      EXPECT_EQ((*jobs().get(report.job))->counters.fetched, report.counts.fetched);
      EXPECT_EQ(report.resumed, !faulty);
    }
    EXPECT_EQ(active(), "5");
  }
}

TEST_P(ObjectSyncTest, TakesParentsOnlyAndTreatsARowThatBecameAChildAsGone_SYNC_6) {
  const auto level = json::Document::parse(R"({"from": "/level", "equals": [1, 2]})");
  things_.hierarchy = manifest::Hierarchy{.parent_key = "/up", .child_predicate = level->root()};
  const std::string records =
      R"([{"id":1,"name":"a","up":null,"level":0},{"id":2,"name":"b"},{"id":3,"name":"c","up":"1"},{"id":4,"name":"d","level":2}])";
  auto report = run_with({page(records)});
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(report.counts.skipped_children, 0) << "nobody asked for parents only";
  EXPECT_EQ(active(), "4");
  // The choice is part of the mapping: what it no longer takes goes with the next full pass.
  things_.parent_only = true;
  report = run_with({page(records, "2"), page(R"([{"id":5,"name":"e","up":"2"},null])")});
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(report.counts.fetched, 6);
  EXPECT_EQ(report.counts.skipped, 4);
  EXPECT_EQ(report.counts.skipped_children, 3);
  EXPECT_EQ(report.counts.removed, 2);
  EXPECT_EQ(active(), "2");
  const auto job = jobs().get(report.job);
  EXPECT_EQ((*job)->counters.skipped, 4);
  EXPECT_THAT(jobs().log_lines(report.job)->back().message, HasSubstr("3 records were left out as children"));
  report = run_with({page(R"([{"id":1,"name":"a"},{"id":2,"name":"b","up":"1"}])")});
  EXPECT_EQ(report.counts.removed, 1);
  EXPECT_EQ(active(), "1");
  report = run_with({page(R"([{"id":1,"name":"a"},{"id":2,"name":"b"}])")}, {.dry_run = true});
  EXPECT_EQ(report.counts.skipped_children, 0);
  EXPECT_EQ(report.counts.updated, 1) << "a child that became a parent comes back";
}

TEST_P(ObjectSyncTest, FailsJobsThatDiedWithoutALease_SYNC_9) {
  const store::NewJob wanted{.connection = connection_, .provider = "acme", .object = "thing"};
  const auto dead = jobs().create(wanted);
  ASSERT_TRUE(dead.ok());
  ASSERT_TRUE(jobs().claim(*dead, "a process that died before it took the lease").ok());
  const auto report = run_with({page("[]")});
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ((*jobs().get(*dead))->state, store::JobState::failed);
  EXPECT_EQ((*jobs().get(report.job))->state, store::JobState::succeeded);
}

TEST_P(ObjectSyncTest, CountsTheExchangesOfFetchesThatFailed_SYNC_11) {
  for (const bool dry_run : {false, true}) {
    const auto report = run_with({page(R"([{"id":1,"name":"a"}])", "2"), unavailable("gone for a while")},
                                 {.full = true, .dry_run = dry_run});
    ASSERT_TRUE(report.error);
    EXPECT_EQ(report.counts.requests, 2);
    if (!dry_run) {
      EXPECT_EQ((*jobs().get(report.job))->counters.requests, 2);
    }
  }
}

TEST_P(ObjectSyncTest, CountsTheExchangesOfPagesThatWereFetchedButCouldNotBeStored_SYNC_11) {
  const auto report = run_with({page("no JSON"), page("no JSON"), page("no JSON")});
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.counts.requests, 3);
  EXPECT_EQ((*jobs().get(report.job))->counters.requests, 3);
}

TEST_P(ObjectSyncTest, EndsACancelledJobBehindThePageThatItIsAt_SYNC_11) {
  script_.meanwhile = [this](const Cancellation&) {
    if (script_.asked.size() == 2) {
      cancel_running();
    }
  };
  auto report = run_with({page(R"([{"id":1}])", "2"), page(R"([{"id":2}])", "3"), page(R"([{"id":3}])")});
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, ErrorCode::cancelled);
  EXPECT_THAT(script_.asked, SizeIs(2));
  EXPECT_EQ(report.counts.created, 2) << "the page at hand is stored";
  EXPECT_EQ((*jobs().get(report.job))->state, store::JobState::cancelled);

  script_.meanwhile = nullptr;
  const auto job = report.job;
  script_.answers.clear();
  report = run_with({page(R"([{"id":3}])")}, {.retry_of = job});
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(report.job, job);
  EXPECT_TRUE(report.resumed);
  EXPECT_EQ(script_.asked.at(0).cursor, "3");
  const auto again = jobs().get(job);
  EXPECT_EQ((*again)->state, store::JobState::succeeded);
  EXPECT_EQ((*again)->attempt, 2);
  EXPECT_EQ((*again)->counters.created, 1);
  EXPECT_FALSE((*again)->cancel_requested);
}

TEST_P(ObjectSyncTest, EndsACancelledJobWhosePageIsSlow_SYNC_11) {
  bool heard = false;
  script_.meanwhile = [this, &heard](const Cancellation& cancellation) {
    cancel_running();
    std::mutex mutex;
    std::condition_variable_any told;
    std::unique_lock lock(mutex);
    // The minute only ends a test that fails.
    told.wait_for(lock, cancellation.stop, std::chrono::minutes(1), [] { return false; });
    heard = cancellation.stop.stop_requested();
  };
  Error limited = resource_exhausted("limited");
  limited.retry = RetryClass::rate_limited;
  script_.answers.emplace_back(limited);
  const auto report = run(task(things_), {}, {.lease = std::chrono::milliseconds(300)});
  EXPECT_TRUE(heard);
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, ErrorCode::cancelled) << report.error->message;
  EXPECT_EQ((*jobs().get(report.job))->state, store::JobState::cancelled);
}

TEST_P(ObjectSyncTest, RunsNoJobAgainThatSucceeded_SYNC_11) {
  const auto done = run_with({page("[]")});
  ASSERT_FALSE(done.error);
  const auto report = run_with({page("[]")}, {.retry_of = done.job});
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, ErrorCode::failed_precondition);
  EXPECT_EQ((*jobs().get(done.job))->state, store::JobState::succeeded);
}

TEST_P(ObjectSyncTest, EndsTheJobAndGivesTheLeaseBackWhenItCannotEvenBegin) {
  auto without_source = task(things_);
  without_source.make_source = [](JobId /*job*/) -> Result<std::unique_ptr<PageSource>> {
    return failed_precondition("no such plugin");
  };
  const auto report = run(without_source);
  ASSERT_TRUE(report.error);
  EXPECT_EQ((*jobs().get(report.job))->state, store::JobState::failed);
  EXPECT_FALSE(run_with({page("[]")}).error) << "nobody holds the object any more";
}

TEST_P(ObjectSyncTest, KeepsWhatTheStoreRefusedAmongTheJobsProblems_SYNC_11) {
  if (GetParam() != store::Dialect::sqlite) {
    GTEST_SKIP() << "the refusal is made by a trigger in SQLite's words";
  }
  static_cast<void>(store_->raw("CREATE TRIGGER refuse BEFORE INSERT ON thing WHEN NEW.external_id = '1' BEGIN SELECT "
                                "RAISE(ABORT, 'no such thing'); END"));
  const auto report = run_with({page(R"([{"id":1},{"id":2}])")});
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(report.counts.failed, 1);
  EXPECT_EQ(report.counts.created, 1);
  const auto problems = jobs().problems(report.job);
  ASSERT_TRUE(problems.ok());
  ASSERT_THAT(*problems, SizeIs(1));
  EXPECT_EQ(problems->front().code, "refused");
  EXPECT_THAT(problems->front().samples, ElementsAre("1"));
}

TEST_P(ObjectSyncTest, EndsTheJobAndGivesTheLeaseBackWhenTheDatabaseFailsBehindTheLease) {
  if (GetParam() != store::Dialect::sqlite) {
    GTEST_SKIP() << "the failure is made by a trigger in SQLite's words";
  }
  const auto dead = jobs().create({.connection = connection_, .provider = "acme", .object = "thing"});
  ASSERT_TRUE(dead.ok());
  ASSERT_TRUE(jobs().claim(*dead, "dead").ok());
  static_cast<void>(store_->raw("CREATE TRIGGER refuse BEFORE UPDATE ON job WHEN NEW.job_id = " +
                                std::to_string(dead->value) + " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"));
  auto report = run_with({page("[]")});
  ASSERT_TRUE(report.error);
  EXPECT_EQ((*jobs().get(report.job))->state, store::JobState::failed);
  static_cast<void>(store_->raw("DROP TRIGGER refuse"));
  // Details of a job that cannot be kept must not leave it running.
  static_cast<void>(store_->raw(
      "CREATE TRIGGER refuse BEFORE INSERT ON job_error BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"));
  report = run_with({page(R"([{"id":null}])")});
  EXPECT_FALSE(report.error) << report.error->message;
  EXPECT_EQ((*jobs().get(report.job))->state, store::JobState::succeeded);
}

TEST_P(ObjectSyncTest, BeginsAnewWhenTheConnectionLeadsSomewhereElse_SYNC_4) {
  ASSERT_TRUE(run_with({page(R"([{"id":1}])", "2"), unavailable("gone for a while")}).error);
  source_ = 2;
  auto report = run_with({page(R"([{"id":7}])")});
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_FALSE(report.resumed);
  ASSERT_THAT(script_.asked, SizeIs(1));
  EXPECT_EQ(script_.asked[0].cursor, "") << "the old cursor means nothing there";
}

TEST_P(ObjectSyncTest, BeginsAnewWithFullWhenTheStoredPositionIsDamaged_SYNC_4) {
  ASSERT_TRUE(run_with({page(R"([{"id":1}])", "2"), unavailable("gone for a while")}).error);
  static_cast<void>(store_->raw("UPDATE sync_state SET position = 'rubbish'"));
  auto report = run_with({page(R"([{"id":1}])")});
  ASSERT_TRUE(report.error);
  EXPECT_THAT(report.error->message, HasSubstr("--full"));
  report = run_with({page(R"([{"id":1}])")}, {.full = true});
  EXPECT_FALSE(report.error) << report.error->message;
}

TEST_P(ObjectSyncTest, TrustsEarlierPagesAgainUnlessTheMappingChanged_SYNC_8) {
  ASSERT_FALSE(run_with({page(R"([{"id":1,"name":"a"}])")}).error);
  ASSERT_TRUE(run_with({unavailable("gone for a while")}).error);
  ASSERT_FALSE(run_with({page(R"([{"id":1,"name":"a"}])")}).error);
  EXPECT_FALSE(script_.asked.at(0).fresh) << "a read that failed at once costs the next one no rate limit";
  things_.default_mapping = mappings_.root()["other"];
  ASSERT_TRUE(run_with({unavailable("gone for a while")}).error);
  EXPECT_TRUE(script_.asked.at(0).fresh);
  ASSERT_FALSE(run_with({page(R"([{"id":1,"name":"a"}])")}).error);
  EXPECT_TRUE(script_.asked.at(0).fresh) << "what the one that failed did not read is still to be read";
  ASSERT_FALSE(run_with({page(R"([{"id":1,"name":"a"}])")}).error);
  EXPECT_FALSE(script_.asked.at(0).fresh);
}

TEST_P(ObjectSyncTest, VisitsStoredParentsInADryRunWhosePagesDidNotChange_SYNC_12) {
  ASSERT_FALSE(run_with({page(R"([{"id":1,"name":"a"},{"id":3,"name":"c"}])")}).error);
  DryRunParents parents;
  script_.answers.emplace_back(page(R"([{"id":2,"name":"b"},{"id":3,"name":"new"}])"));
  ASSERT_FALSE(run(task(things_, &parents), {.dry_run = true}).error);
  for (int i = 0; i < 3; ++i) {
    script_.answers.emplace_back(page("[]"));
  }
  const auto report = run(task(parts_, &parents), {.dry_run = true});
  ASSERT_FALSE(report.error) << report.error->message;
  std::vector<std::string> asked;
  asked.reserve(script_.asked.size());
  for (const auto& request : script_.asked) {
    asked.push_back(request.parents);
  }
  EXPECT_THAT(asked, ElementsAre(R"([{"external_id":"1","name":"a"}])", R"([{"external_id":"2","name":"b"}])",
                                 R"([{"external_id":"3","name":"new"}])"));
  EXPECT_EQ(report.counts.pages, 3);
  EXPECT_EQ(active(), "2");
}

TEST_P(ObjectSyncTest, VisitsInADryRunOnlyParentsThatTheRealRunWouldQueue_SYNC_12) {
  parts_.parent->mode = manifest::ParentMode::changed;
  ASSERT_FALSE(run_with({page(R"([{"id":1,"name":"a"},{"id":3,"name":"c"}])")}).error);
  DryRunParents parents;
  script_.answers.emplace_back(page(R"([{"id":1,"name":"a"},{"id":2,"name":"b"},{"id":3,"name":"new"}])"));
  ASSERT_FALSE(run(task(things_, &parents), {.dry_run = true}).error);
  script_.answers.emplace_back(page("[]"));
  script_.answers.emplace_back(page("[]"));
  const auto report = run(task(parts_, &parents), {.dry_run = true});
  ASSERT_FALSE(report.error) << report.error->message;
  ASSERT_THAT(script_.asked, SizeIs(2));
  EXPECT_EQ(script_.asked[0].parents, R"([{"external_id":"2","name":"b"}])");
  EXPECT_EQ(script_.asked[1].parents, R"([{"external_id":"3","name":"new"}])");
}

TEST_P(ObjectSyncTest, FetchesNothingAheadWhileALargePageIsInMemory_HTTP_3) {
  prefetch_ = true;
  auto large = page("[{\"id\":1}" + std::string(PagePipeline::max_bytes_beside, ' ') + "]", "2");
  const std::weak_ptr<const plugin::PageBody> body = large.records.front().body;
  std::vector<bool> held;
  script_.meanwhile = [&](const Cancellation&) { held.push_back(!body.expired()); };
  script_.answers.emplace_back(std::move(large));
  script_.answers.emplace_back(page(R"([{"id":2}])"));
  const auto report = run(task(things_));
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_THAT(held, ElementsAre(true, false)) << "the first is in the script itself";
  EXPECT_EQ(report.counts.created, 2);
}

class ObjectSyncBelowChanged : public ObjectSyncTest {
protected:
  void SetUp() override {
    ObjectSyncTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    parts_.parent->mode = manifest::ParentMode::changed;
    parts_.parent->batch = 2;
    parts_.deletions = manifest::Deletions::full_pass;
    auto with_children = task(things_);
    with_children.children = {"part"};
    script_.answers.emplace_back(page(R"([{"id":1,"name":"a"},{"id":2,"name":"b"},{"id":3,"name":"c"}])"));
    const auto report = run(with_children);
    ASSERT_FALSE(report.error) << report.error->message;
    ASSERT_EQ(pending(), "3");
  }
  [[nodiscard]] std::string pending() { return store_->raw("SELECT count(*) FROM pending_parent"); }
};

TEST_P(ObjectSyncBelowChanged, KeepsAParentWhoseChildrenMayNotBeReadInTheQueueAndReadsTheOthers_SYNC_11) {
  script_.answers.emplace_back(permission_denied("listing the parts of a#1: the provider answered 403"));
  script_.answers.emplace_back(permission_denied("listing the parts of a#1: the provider answered 403"));
  script_.answers.emplace_back(page(R"([{"id":20,"name":"of b"}])"));
  script_.answers.emplace_back(page(R"([{"id":30,"name":"of c"}])"));
  auto report = run(task(parts_));
  ASSERT_TRUE(report.error) << "nobody may take it for read";
  EXPECT_EQ(report.error->code, ErrorCode::permission_denied);
  EXPECT_THAT(report.error->message, HasSubstr("a#1"));
  EXPECT_THAT(script_.asked, SizeIs(4)) << "a, b together; a; b; c";
  EXPECT_EQ(report.counts.created, 2);
  EXPECT_EQ(pending(), "1");
  EXPECT_EQ(store_->raw("SELECT external_id FROM pending_parent"), "1");
  const auto job = jobs().get(report.job);
  EXPECT_EQ((*job)->state, store::JobState::failed);
  EXPECT_EQ((*job)->counters.requests, 4);
  const auto problems = jobs().problems(report.job);
  ASSERT_TRUE(problems.ok());
  ASSERT_THAT(*problems, SizeIs(1));
  EXPECT_EQ(problems->front().subject, "thing 1");
  EXPECT_EQ(problems->front().code, "permission_denied");

  script_.answers.emplace_back(page(R"([{"id":10,"name":"of a"}])"));
  report = run(task(parts_));
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_THAT(script_.asked, SizeIs(1));
  EXPECT_EQ(pending(), "0");
}

TEST_P(ObjectSyncBelowChanged, TakesNothingForGoneWhenItCouldNotReadBelowAllParents_SYNC_7) {
  script_.answers.emplace_back(page(R"([{"id":10,"name":"of a"},{"id":20,"name":"of b"}])"));
  script_.answers.emplace_back(page(R"([{"id":30,"name":"of c"}])"));
  ASSERT_FALSE(run(task(parts_)).error);
  script_.answers.emplace_back(page(R"([{"id":10,"name":"of a"},{"id":20,"name":"of b"}])"));
  script_.answers.emplace_back(permission_denied("no"));
  auto report = run(task(parts_), {.full = true});
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.counts.removed, 0);
  EXPECT_EQ(store_->raw("SELECT count(*) FROM part WHERE state = 'active'"), "3");
  script_.answers.emplace_back(page(R"([{"id":30,"name":"of c"}])"));
  report = run(task(parts_));
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(pending(), "0");
}

TEST_P(ObjectSyncBelowChanged, GivesUpOnAProviderThatRefusesWhateverItIsAskedFor) {
  std::string things = "[";
  for (int i = 100; i < 300; ++i) {
    things += (i > 100 ? "," : "") + std::string(R"({"id":)") + std::to_string(i) + "}";
  }
  auto with_children = task(things_);
  with_children.children = {"part"};
  script_.answers.emplace_back(page(things + "]"));
  ASSERT_TRUE(run(with_children).counts.created == 200);
  for (int i = 0; i < 1000; ++i) {
    script_.answers.emplace_back(permission_denied("no"));
  }
  const auto report = run(task(parts_));
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, ErrorCode::permission_denied);
  EXPECT_THAT(report.error->message, HasSubstr("More than 100"));
  EXPECT_LE(script_.asked.size(), 160U);
  EXPECT_EQ(pending(), "203");
}

DOVETAIL_BOTH_DIALECTS(ObjectSyncBelowChanged);

TEST_P(ObjectSyncTest, StopsWithAMappingThatIsOutOfDate_SYNC_2) {
  auto stale = task(things_);
  stale.mapping = *judge_mapping(
      things_,
      store::MappingOverride{.object = "thing", .body = R"({"fields":{"name":"/title"}})", .mapping_schema_version = 7},
      std::nullopt, std::nullopt);
  ASSERT_TRUE(stale.mapping->unusable) << "its only field is gone";
  for (const auto choice : {StaleMapping::block, StaleMapping::run_valid}) {
    const auto report = run(stale, {.on_stale_mapping = choice});
    ASSERT_TRUE(report.error);
    EXPECT_THAT(report.error->message, StartsWith("Mappings out of date: "));
    EXPECT_THAT(script_.asked, IsEmpty());
    EXPECT_EQ((*jobs().get(report.job))->state, store::JobState::failed);
    EXPECT_THAT((*jobs().get(report.job))->error_message, HasSubstr("/title"));
  }
  EXPECT_FALSE(run_with({page("[]")}).error) << "nobody holds the object any more";
}

TEST_P(ObjectSyncTest, RunsWithTheValidPartOfAMappingWhereTheRuleSaysSo_SYNC_2) {
  ASSERT_FALSE(run_with({page(R"([{"id":1,"name":"a"}])")}).error);
  auto stale = task(things_);
  stale.mapping = *judge_mapping(
      things_,
      store::MappingOverride{.object = "thing", .body = R"({"sourceUpdatedAt":"/at"})", .mapping_schema_version = 7},
      std::nullopt, std::nullopt);
  ASSERT_TRUE(stale.mapping->stale());
  EXPECT_TRUE(run(stale).error) << "the usual choice is to stop";
  stale.on_stale_mapping = StaleMapping::run_valid;
  script_.answers.assign(1, page(R"([{"id":1,"name":"b","at":"2026-01-01T00:00:00Z"}])"));
  auto report = run(stale);
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_THAT(report.partial, StartsWith("Mappings out of date: "));
  EXPECT_EQ(store_->raw("SELECT name FROM thing"), "b");
  EXPECT_EQ(store_->raw("SELECT count(*) FROM thing WHERE source_updated_at IS NOT NULL"), "0")
      << "that part was left out";
  EXPECT_EQ((*jobs().get(report.job))->state, store::JobState::succeeded);
  EXPECT_THAT((*jobs().log_lines(report.job)).back().message, StartsWith("Partial: "));
  EXPECT_EQ((*jobs().problems(report.job)).front().code, "mapping_out_of_date");
  EXPECT_TRUE(run(stale, {.on_stale_mapping = StaleMapping::block}).error) << "the option counts more";
}

DOVETAIL_BOTH_DIALECTS(ObjectSyncTest);

} // namespace
} // namespace dovetail::sync
