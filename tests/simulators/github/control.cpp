// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/control.hpp"

#include "tests/simulators/github/configuration.hpp"
#include "tests/simulators/github/simulator.hpp"
#include "tests/simulators/json_text.hpp"

namespace dovetail::simulators::github {
namespace {

Answer json_answer(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers.push_back({"Content-Type", "application/json; charset=utf-8"});
  answer.body = std::make_shared<const std::string>(std::move(body));
  return answer;
}

Answer refusal(int status, std::string_view message) {
  JsonText out;
  out.begin_object().member("message", message).end_object();
  return json_answer(status, out.take());
}

Answer done() { return json_answer(200, R"({"ok":true})"); }

std::string statistics_text(const Statistics& statistics) {
  JsonText out;
  out.begin_object().member("total", statistics.total()).member("counted", statistics.counted);
  out.member("not_modified", statistics.with_status(304)).member("body_bytes", statistics.body_bytes);
  out.member("plain_bytes", statistics.plain_bytes);
  out.name("requests").begin_object();
  for (std::size_t i = 0; i < endpoint_kinds; ++i) {
    if (statistics.requests[i].empty()) {
      continue;
    }
    out.name(to_string(static_cast<Endpoint>(i))).begin_object();
    for (const auto& [status, count] : statistics.requests[i]) {
      out.member(std::to_string(status), count);
    }
    out.end_object();
  }
  out.end_object().name("faults").begin_object();
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    if (statistics.faults[i] > 0) {
      out.member(to_string(static_cast<FaultKind>(i)), statistics.faults[i]);
    }
  }
  out.end_object().name("undescribed").begin_array();
  for (const std::string& request : statistics.undescribed) {
    out.value(request);
  }
  return out.end_array().end_object().take();
}

std::string counts_text(const MutationCounts& counts) {
  JsonText out;
  out.begin_object().member("new_pulls", counts.new_pulls).member("updated_pulls", counts.updated_pulls);
  out.member("merged_pulls", counts.merged_pulls).member("closed_pulls", counts.closed_pulls);
  out.member("new_reviews", counts.new_reviews).member("dismissed_reviews", counts.dismissed_reviews);
  out.member("new_pull_commits", counts.new_pull_commits).member("new_commits", counts.new_commits);
  out.member("renamed_repositories", counts.renamed_repositories).member("renamed_members", counts.renamed_members);
  out.member("added_members", counts.added_members).member("removed_members", counts.removed_members);
  out.member("archived_repositories", counts.archived_repositories);
  return out.member("deleted_repositories", counts.deleted_repositories).end_object().take();
}

Answer mutate(GithubSimulator& simulator, const std::string& body) {
  const Result<MutationRequest> wish = mutation_from_json(body);
  if (!wish.ok()) {
    return refusal(400, wish.error().message);
  }
  const std::uint32_t organisations =
      simulator.with_world([](const World& world) { return world.organisation_count(); });
  if (wish->counts.organisation && *wish->counts.organisation >= organisations) {
    return refusal(400, "there is no organisation of that number");
  }
  return json_answer(200, counts_text(simulator.mutate(wish->seed, wish->counts)));
}

} // namespace

Answer handle_control(GithubSimulator& simulator, const SimRequest& request) {
  const std::string_view what = std::string_view(request.target).substr(control_prefix.size());
  if (what == "statistics" && request.method == "GET") {
    return json_answer(200, statistics_text(simulator.statistics()));
  }
  if (request.method != "POST") {
    return refusal(404, "unknown control path");
  }
  if (what == "reset") {
    simulator.reset_statistics();
    return done();
  }
  if (what == "mutate") {
    return mutate(simulator, request.body);
  }
  if (what == "faults") {
    Result<FaultPlan> plan = faults_from_json(request.body);
    if (!plan.ok()) {
      return refusal(400, plan.error().message);
    }
    simulator.set_faults(std::move(plan).value());
    return done();
  }
  if (what == "limits") {
    const Result<LimitOptions> limits = limits_from_json(request.body);
    if (!limits.ok()) {
      return refusal(400, limits.error().message);
    }
    simulator.set_limits(*limits);
    return done();
  }
  return refusal(404, "unknown control path");
}

} // namespace dovetail::simulators::github
