// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "tests/simulators/bqe/query.hpp"
#include "tests/simulators/bqe/world.hpp"
#include "tests/simulators/faults.hpp"
#include "tests/simulators/handler.hpp"
#include "tests/simulators/oauth_endpoint.hpp"

namespace dovetail::simulators::bqe {

struct LimitOptions {
  int per_minute = 100; ///< requests of the app in a fixed minute; 0: none
  bool retry_after = true;
};

struct SimulatorOptions {
  WorldOptions world = {};
  /// Access tokens that are good for ever, beside those of the token endpoint.
  std::vector<std::string> tokens = {};
  OAuthEndpointOptions oauth = {};
  LimitOptions limits = {};
  FaultPlan faults = {};
  ShapeOptions shape = {};
  QueryRules rules = {};
  std::string path_prefix = "/api";
  std::string identity_prefix = "/idp";
  /// What the token answer's `endpoint` says; empty: "http://" and the request's Host header, with `path_prefix` behind.
  std::string endpoint = {};
  bool empty_as_array = false;   ///< an empty page is [] instead of 204
  bool stable_ties = true;       ///< off: rows that are equal in the order come in another order each time
  bool has_deletions = true;     ///< off: the list of deletions answers 409 MsgPermissions
  std::size_t shorter_pages = 0; ///< never more rows a page than this, whatever is asked for; 0: as asked
  bool gzip = true;
  bool control = true; ///< the control paths under /__sim__/ exist
};

/// What a simulator was asked and what it did.
struct Statistics {
  std::map<std::string, std::map<int, std::uint64_t>> requests; ///< by path, then status (0: connection cut)
  std::map<std::string, std::uint64_t> rows;                    ///< sent in whole answers, by path
  std::map<FaultKind, std::uint64_t> faults;
  std::vector<std::string> undescribed; ///< what the documentation that we keep does not describe; at most 1000

  [[nodiscard]] std::uint64_t total() const;
};

/// BQE CORE's REST API over a World: token endpoint, lists with their options, limits, faults. Everything follows from the options, the mutations
/// and `clock`; no sockets. Thread-safe.
class BqeSimulator final : public Handler {
public:
  /// Precondition: World::check(options.world) is ok. `clock` must outlive it.
  BqeSimulator(SimulatorOptions options, Clock& clock);

  [[nodiscard]] Answer handle(const SimRequest& request) override;

  /// Reads the world while nothing changes it.
  template <typename Read> auto with_world(Read read) const {
    const std::shared_lock lock(world_mutex_);
    return read(static_cast<const World&>(world_));
  }
  MutationCounts mutate(std::uint64_t seed, const MutationCounts& counts);
  void set_faults(FaultPlan plan) { faults_.configure(std::move(plan)); }
  [[nodiscard]] OAuthEndpoint& oauth() noexcept { return oauth_; }
  [[nodiscard]] Statistics statistics() const;
  /// Requests that the documentation does not describe: a client must make none.
  [[nodiscard]] std::vector<std::string> undescribed_requests() const { return statistics().undescribed; }

private:
  struct Call;
  [[nodiscard]] Answer answer(Call& call);
  [[nodiscard]] std::optional<Answer> refuse(const SimRequest& request);
  [[nodiscard]] std::optional<Answer> fail_instead(Call& call);
  [[nodiscard]] Answer list(Call& call, Entity entity);
  [[nodiscard]] Answer one(Call& call, Entity entity, std::string_view id);
  [[nodiscard]] Answer deletions(Call& call);
  [[nodiscard]] Answer undescribed(Call& call, std::string_view why);
  /// `count` records that `field` describes by place: filtered, sorted, cut to a page and written.
  [[nodiscard]] Answer page_of(Call& call, const Query& query, std::size_t count,
                               const std::vector<std::string_view>& names,
                               const std::function<std::optional<Value>(std::size_t, std::string_view)>& field);
  [[nodiscard]] Answer control(const SimRequest& request);
  [[nodiscard]] bool within_limit();
  void move_data(std::uint64_t key);

  const SimulatorOptions options_;
  Clock& clock_;
  mutable std::shared_mutex world_mutex_;
  // guarded by world_mutex_
  World world_;
  Faults faults_;
  OAuthEndpoint oauth_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  Statistics statistics_;
  std::int64_t minute_ = 0;
  int in_minute_ = 0;
  std::atomic<std::uint64_t> serial_{0};
};

} // namespace dovetail::simulators::bqe
