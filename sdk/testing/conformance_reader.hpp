// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/testing/conformance.hpp"
#include "dovetail/testing/fake_host.hpp"

namespace dovetail::testing {

/// Everything that was read of an account: object -> external id -> what the mapping would see. Equal accounts give equal rows.
using ConformanceRows = std::map<std::string, std::map<std::string, std::string>>;

/// Reads an account through the fake host as the engine does: objects after their parents, page by page, each page with its state, its rows
/// and its position in one piece or not at all; marks per parent, a queue of changed parents, conditional pages, sweeps. It also
/// watches over the laws of cursors. For one thread.
class ConformanceReader {
public:
  ConformanceReader(const ConformanceProvider& provider, const std::vector<ConformanceObject>& objects,
                    ConformanceWorld& world, std::size_t account);

  /// Opens the plugin and makes its instance. Before all else.
  [[nodiscard]] sdk::Status open();
  /// Ends the instance and makes another, as another process would.
  [[nodiscard]] sdk::Status restart();
  [[nodiscard]] FakeHost& host() noexcept { return *host_; }

  /// Asked before the world; nullopt passes on to it.
  std::function<std::optional<Reply>(const SentRequest& request)> intercept;
  /// May spoil what the world answered.
  std::function<void(const SentRequest& request, Reply& reply)> spoil;
  /// Each page is read twice, the first time as if the process died before it was stored, and by a new instance every time.
  bool crash_at_every_page = false;

  /// Begins a pass over all objects. `fresh`: the past is not trusted.
  void begin(bool full, bool fresh = false);
  enum class Step { more, done, failed };
  /// Reads one page; after a failure the same one again.
  [[nodiscard]] Step step();
  /// Steps to the end of the pass; at most `failures` failed pages on the way are read again. The Error of the last one.
  [[nodiscard]] sdk::Status run(std::size_t failures = 0);
  /// begin() and run().
  [[nodiscard]] sdk::Status pass(bool full, std::size_t failures = 0);

  [[nodiscard]] const sdk::Error& error() const noexcept { return *error_; }
  [[nodiscard]] const ConformanceRows& rows() const noexcept { return rows_; }
  [[nodiscard]] const std::map<std::string, std::set<std::string>>& page_keys() const noexcept { return pass_keys_; }
  /// Broken laws that need no comparison: cursors that come again, pages without end.
  [[nodiscard]] const std::vector<std::string>& breaches() const noexcept { return breaches_; }
  [[nodiscard]] std::size_t pages() const noexcept { return pages_; }

private:
  struct Row {
    std::string record;    ///< JSON
    std::string constants; ///< JSON, or empty
  };
  /// What lasts of an object between pages and passes.
  struct Kept {
    std::map<std::string, std::string, std::less<>> state;
    std::map<std::string, std::set<std::string>, std::less<>> page_rows; ///< by page_key
    std::map<std::string, sdk::Timestamp> marks;                         ///< by the parent's id
    std::set<std::string> queue;                                         ///< of changed parents
    std::map<std::string, Row> rows;
  };
  /// One read up to the exhausted page.
  struct Task {
    std::vector<std::string> parents;
    std::string cursor;
    std::set<std::string> cursors;
    std::optional<sdk::Timestamp> mark;
  };

  [[nodiscard]] const ConformanceObject& object() const { return objects_.at(at_); }
  [[nodiscard]] Kept& kept() { return kept_[object().key]; }
  void plan_object();
  void finish_object();
  [[nodiscard]] PageRequest request_for(const Task& task) const;
  [[nodiscard]] std::string parents_json(const Task& task) const;
  [[nodiscard]] RecordedPage read(const PageRequest& request);
  [[nodiscard]] sdk::Status store(Task& task, const RecordedPage& page);
  [[nodiscard]] sdk::Status keep(const std::string& record, const std::string& constants, std::set<std::string>& ids);
  void watch(Task& task, const RecordedPage& page);

  const ConformanceProvider& provider_;
  const std::vector<ConformanceObject>& objects_;
  ConformanceWorld& world_;
  const std::size_t account_;
  std::string settings_ = "{}";
  std::unique_ptr<FakeHost> host_;
  std::map<std::string, Kept> kept_;
  ConformanceRows rows_;
  std::size_t at_ = 0;
  bool full_ = false;
  bool fresh_ = false;
  std::vector<Task> tasks_; ///< the last one first
  std::set<std::string> seen_;
  std::map<std::string, std::set<std::string>> pass_keys_; ///< of this pass, by object
  std::optional<sdk::Error> error_;
  std::vector<std::string> breaches_;
  std::size_t pages_ = 0;
};

} // namespace dovetail::testing
