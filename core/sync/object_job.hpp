// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/mapping/mapping.hpp"
#include "core/store/job_repository.hpp"
#include "core/store/page_writer.hpp"
#include "core/store/sync_state_repository.hpp"
#include "core/sync/lease_keeper.hpp"
#include "core/sync/object_sync.hpp"
#include "core/sync/page_mapping.hpp"
#include "core/sync/read_plan.hpp"
#include "core/sync/rule.hpp"
#include "core/sync/rule_mapping.hpp"

namespace dovetail::sync {

/// Behind the signature of a pass that trusts no earlier page: one that dies before its first page leaves nothing else to tell by.
inline constexpr std::string_view fresh_mark = " fresh";

/// The state of one run of ObjectSync: made for a job, ended with it. Used by one thread.
class ObjectJob {
public:
  ObjectJob(ObjectSyncParts parts, ObjectSyncTuning tuning, const ObjectTask& task, const SyncOptions& options,
            const std::stop_token& stop, ProgressListener* progress, ObjectReport& report);

  /// Reads the object to its end, or returns what stopped it.
  [[nodiscard]] Status run();

private:
  /// Whether the mapping may be used as it stands (SYNC-2).
  [[nodiscard]] Status check_mapping();
  [[nodiscard]] Status prepare();
  /// The mapping as the rule wants it; what is ours by a policy goes into local_fields_.
  [[nodiscard]] Result<mapping::Mapping> choose_mapping();
  /// How the first read begins; the sync's own word counts more than the rule's.
  [[nodiscard]] Status choose_beginning();
  [[nodiscard]] Status claim();
  /// Fails what still counts as running on this object, whose lease is ours.
  [[nodiscard]] Status interrupt_others();
  [[nodiscard]] Status open_pass();
  [[nodiscard]] Status begin_new_pass(const std::optional<store::SyncState>& state, bool fresh);
  [[nodiscard]] Status choose_parents();
  [[nodiscard]] ReadShape shape() const;
  [[nodiscard]] Status read_pages();
  [[nodiscard]] Status read_from_position();
  /// Maps and stores one page and takes note of where the read stands then.
  [[nodiscard]] Status store_page(FetchedPage& page, const ReadStep& step);
  [[nodiscard]] Status preview_page(FetchedPage& page, const ReadStep& step);
  /// `changed`: the external ids of this page whose rows would be made or changed.
  void remember_for_children(const std::vector<std::string>& changed);
  /// Counts what no stored page did: exchanges of fetches that failed, and of pages that were fetched but not stored.
  void count_lost_exchanges();
  /// Commits the pages whose commit was put off. When they are lost, the job stands again where they began.
  [[nodiscard]] Status settle();
  /// Counts a page and what its mapping left out or could not convert.
  void add_lost(const SyncCounts& lost);
  void note_problems(const store::PageOutcome& outcome);
  void add_mapping_problems(std::vector<store::JobProblem>& problems) const;
  /// Whether this pass ends with a sweep, if every record of it can be told apart.
  [[nodiscard]] bool may_sweep() const;
  /// Whether the failed page may be read again now; waits for the provider's limit where it has to.
  [[nodiscard]] bool may_go_on(const Error& error);
  [[nodiscard]] static Error stopped();
  /// The page that follows one which the provider refused for its parents, if it can go on without them; otherwise the error.
  [[nodiscard]] Result<std::optional<PageRequest>> pass_over(ReadPlan& plan, const Error& error);
  /// The error of a pass that had to leave parents out.
  [[nodiscard]] Status told_left_out() const;
  [[nodiscard]] Status finish_pass();
  [[nodiscard]] Status apply_policies();
  [[nodiscard]] bool wants_full() const noexcept { return options_.full || rule_.full; }
  /// Changes with all that decides what comes of pages.
  [[nodiscard]] std::string signature_text(bool fresh) const;
  void finish_job(const Status& outcome);
  /// Says so in the log when something of the job's result could not be stored.
  void keep(const Status& kept);

  ObjectSyncParts parts_;
  ObjectSyncTuning tuning_;
  const ObjectTask& task_;
  const SyncOptions& options_;
  ProgressListener* progress_;
  ObjectReport& report_;
  const ObjectRule rule_;
  InitialSyncMode initial_mode_ = InitialSyncMode::full_once;
  std::optional<Timestamp> initial_since_;

  std::stop_source work_;
  std::stop_callback<std::function<void()>> forward_stop_;
  store::TenantScope scope_;
  store::JobRepository jobs_;
  std::optional<store::JobClaim> claim_;
  store::ObjectLeases leases_;
  std::optional<store::ObjectLease> lease_;
  std::optional<mapping::CompiledMapping> mapping_;
  std::optional<PageMapping> pages_;
  RowFilter filter_;
  std::vector<std::string> local_fields_; ///< those that follow a policy here
  std::optional<store::PageWriter> writer_;
  std::unique_ptr<ParentSource> parents_;
  std::unique_ptr<PageSource> source_;
  std::unique_ptr<LeaseKeeper> keeper_;
  Position position_;
  std::vector<store::JobProblem> refused_; ///< records that the store did not take, by reason
  /// Parents whose children may not be read: they stay in the queue. Why, one for each, in their order.
  std::set<std::string, std::less<>> left_out_;
  std::vector<store::JobProblem> left_out_reasons_;
  Exchanges counted_; ///< with the pages
  std::int64_t pass_pages_ = 0;
  /// Pages that are ready at once share a commit (SQLite); what stood before them is kept for the case that it fails.
  bool put_off_commits_ = false;
  store::DeferredCommit commit_;
  int pages_behind_ = 0;
  struct Durable {
    Position position;
    std::int64_t pass_pages;
    SyncCounts counts;
    Exchanges counted;
  };
  std::optional<Durable> durable_;
  int page_attempts_ = 0;
  std::chrono::milliseconds waited_{0};
};

} // namespace dovetail::sync
