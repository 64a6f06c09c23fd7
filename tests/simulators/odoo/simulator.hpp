// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "tests/simulators/faults.hpp"
#include "tests/simulators/handler.hpp"
#include "tests/simulators/odoo/methods.hpp"
#include "tests/simulators/odoo/world.hpp"

namespace dovetail::simulators::odoo {

/// A user whom the simulated server knows.
struct UserOptions {
  std::string login = "robot@acme.example";
  std::string key = {};
  /// Taken by XML-RPC alone; empty: none.
  std::string password = {};
  std::int64_t uid = 2;
  /// Groups, e.g. "hr.group_hr_user"; without it employees are refused.
  std::vector<std::string> rights = {"hr.group_hr_user"};
};

struct SimulatorOptions {
  WorldOptions world = {};
  std::string database = "acme";
  std::vector<UserOptions> users = {};
  FaultPlan faults = {};
  bool web_version = true; ///< GET /web/version; off with servers before 19
  bool json2 = true;       ///< off with servers before 19
  bool xmlrpc = true;
  /// More records than this in one answer end in a MemoryError; 0: never.
  std::int64_t most_records = 0;
  bool gzip = false;
  /// The control paths under /__sim__/ exist: GET statistics, POST mutate, faults, reset.
  bool control = true;
};

/// What a simulator was asked and what it did.
struct Statistics {
  std::uint64_t requests = 0;
  std::map<std::string, std::uint64_t> calls; ///< "hr.employee.search_read" and "version", by either protocol
  std::uint64_t by_xmlrpc = 0;
  std::uint64_t by_json2 = 0;
  std::int64_t most_records = 0; ///< in one answer
  std::uint64_t faults = 0;
  std::vector<std::string> undescribed; ///< requests that no documentation we keep describes; at most 1000
};

/// Odoo's XML-RPC and JSON-2 over a World, as the fact sheet and recordings have them. Everything follows from the options and the mutations; no
/// sockets. Its Date header is the world's own time. Thread-safe.
class OdooSimulator final : public Handler {
public:
  /// Precondition: World::check(options.world) is ok. `clock` must outlive it; it only says when a limit's HTTP-date ends.
  OdooSimulator(SimulatorOptions options, Clock& clock);
  ~OdooSimulator() override;

  [[nodiscard]] Answer handle(const SimRequest& request) override;

  /// Reads or changes the world while nobody else does.
  template <typename Use> auto with_world(Use use) {
    const std::lock_guard lock(world_mutex_);
    return use(world_);
  }
  MutationCounts mutate(std::uint64_t seed, const MutationCounts& counts);
  void set_faults(FaultPlan plan) { faults_.configure(std::move(plan)); }
  /// Called before each call that reads records, with the number of such calls so far: for what happens in the middle of a pass.
  void before_reads(std::function<void(World&, std::uint64_t)> hook);
  [[nodiscard]] Statistics statistics() const;
  void reset_statistics();
  [[nodiscard]] std::vector<std::string> undescribed_requests() const { return statistics().undescribed; }

private:
  struct Call;
  [[nodiscard]] Answer answer(Call& call);
  [[nodiscard]] std::optional<Answer> fail_instead(const Call& call);
  [[nodiscard]] Answer route(Call& call);
  [[nodiscard]] Answer xmlrpc(Call& call, bool common);
  [[nodiscard]] Answer xml_common(const std::string& method, const std::vector<Value>& params);
  [[nodiscard]] Answer xml_object(const std::string& method, const std::vector<Value>& params);
  [[nodiscard]] Answer json2(const Call& call);
  [[nodiscard]] Answer control(const SimRequest& request);
  [[nodiscard]] std::variant<Value, Raised> run(const Viewer& viewer, const MethodCall& method);
  void count(const std::string& what);
  void undescribed(std::string what);

  const SimulatorOptions options_;
  Clock& clock_;

  mutable std::mutex world_mutex_;
  // guarded by world_mutex_
  World world_;
  std::function<void(World&, std::uint64_t)> hook_;
  std::uint64_t reads_ = 0;

  Faults faults_;

  mutable std::mutex statistics_mutex_;
  // guarded by statistics_mutex_
  Statistics statistics_;
};

} // namespace dovetail::simulators::odoo
