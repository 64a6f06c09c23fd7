// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/clock.hpp"
#include "tests/simulators/faults.hpp"
#include "tests/simulators/github/endpoints.hpp"
#include "tests/simulators/github/limits.hpp"
#include "tests/simulators/github/statistics.hpp"
#include "tests/simulators/github/world.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::simulators::github {

using simulators::FaultKind;
using simulators::FaultPlan;
using simulators::ScriptedFault;

/// A token that the simulated service knows.
struct TokenOptions {
  std::string token = {};
  /// Whose token it is; empty: the first member of the first organisation below.
  std::string login = {};
  /// Logins of the organisations that the token's owner belongs to; empty: all.
  std::vector<std::string> organisations = {};
};

struct SimulatorOptions {
  WorldOptions world = {};
  std::vector<TokenOptions> tokens = {};
  LimitOptions limits = {};
  FaultPlan faults = {};
  /// What every path begins with, e.g. "/api/v3" for an Enterprise server.
  std::string path_prefix = {};
  /// What links and redirects begin with (before `path_prefix`); empty: "http://" and the request's Host header.
  std::string api_base = {};
  bool gzip = true;
  /// A 304 carries the list's current Link header, as the service does. Its ETag covers the body alone: a page can be
  /// unchanged while a page after it is new.
  bool link_on_not_modified = true;
  /// How many rows a page has at most, whatever is asked for.
  std::size_t largest_page = 100;
  /// The control paths under /__sim__/ exist (see control.hpp).
  bool control = true;
  /// Finished bodies that are kept for the next asker.
  std::size_t cache_bytes = 128U << 20U;
};

/// GitHub's REST API over a `World`: authentication, limits, conditional requests, paging, faults. Everything follows from the
/// options, the mutations and `clock`; no sockets. Thread-safe.
class GithubSimulator final : public Handler {
public:
  /// Precondition: World::check(options.world) is ok. `clock` must outlive it.
  GithubSimulator(SimulatorOptions options, Clock& clock);
  ~GithubSimulator() override;

  [[nodiscard]] Answer handle(const SimRequest& request) override;

  /// Reads the world while nothing changes it.
  template <typename Read> auto with_world(Read read) const {
    const std::shared_lock lock(world_mutex_);
    return read(static_cast<const World&>(world_));
  }
  MutationCounts mutate(std::uint64_t seed, const MutationCounts& counts);
  void set_faults(FaultPlan plan) { faults_.configure(std::move(plan)); }
  void set_limits(LimitOptions limits) { limits_.configure(limits); }
  [[nodiscard]] FaultPlan faults() const { return faults_.plan(); }
  [[nodiscard]] LimitOptions limits() const { return limits_.options(); }
  [[nodiscard]] Statistics statistics() const;
  void reset_statistics();
  /// Requests that no documentation we keep describes: a client must make none.
  [[nodiscard]] std::vector<std::string> undescribed_requests() const { return statistics().undescribed; }

private:
  struct Token {
    std::string account;
    Viewer viewer;
  };
  struct Page {
    int status = 200;
    /// At least one of these two is there; once it was compressed, a large body is kept so only.
    std::shared_ptr<const std::string> body;
    std::shared_ptr<const std::string> compressed;
    std::size_t size = 0; ///< of the body, not compressed
    std::string etag;
    std::string link;
    std::string location;
    std::uint64_t version = 0;
  };
  struct Call;

  [[nodiscard]] Answer answer(Call& call);
  [[nodiscard]] std::optional<Answer> refuse_before_routing(Call& call);
  [[nodiscard]] std::optional<Answer> refuse_by_limit(Call& call);
  [[nodiscard]] std::optional<Answer> fail_instead(Call& call);
  [[nodiscard]] std::shared_ptr<Page> page_for(Call& call);
  [[nodiscard]] Answer from_page(Call& call, const std::shared_ptr<Page>& page);
  void add_body(Call& call, Page& page, Answer& answer);
  [[nodiscard]] Answer rate_limit_answer(Call& call);
  void add_common_headers(Call& call, Answer& answer);
  void move_data(Call& call);
  void record(const Call& call, const Answer& answer);

  const SimulatorOptions options_;
  Clock& clock_;
  std::unordered_map<std::string, Token> tokens_;

  mutable std::shared_mutex world_mutex_;
  // guarded by world_mutex_
  World world_;

  Limits limits_;
  Faults faults_;

  std::mutex pages_mutex_;
  // guarded by pages_mutex_
  std::unordered_map<std::string, std::shared_ptr<Page>> pages_;
  std::size_t page_bytes_ = 0;

  mutable std::mutex statistics_mutex_;
  // guarded by statistics_mutex_
  Statistics statistics_;

  std::atomic<std::uint64_t> serial_{0}; ///< of answers, for their request ids
};

} // namespace dovetail::simulators::github
