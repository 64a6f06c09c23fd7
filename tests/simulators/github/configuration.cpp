// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/configuration.hpp"

#include <limits>

#include <fmt/format.h>

#include "tests/simulators/json_fields.hpp"

namespace dovetail::simulators::github {
namespace {

Status read_organisation(const rapidjson::Value& value, const std::string& where, OrganisationOptions& out) {
  return Fields(value, where)
      .read("login", out.login)
      .read("members", out.members)
      .read("outsiders", out.outsiders)
      .read("repositories", out.repositories)
      .read("empty_repositories", out.empty_repositories)
      .read("pull_requests", out.pull_requests)
      .read("reviews_per_pull", out.reviews_per_pull)
      .read("commits_per_pull", out.commits_per_pull)
      .read("commits_per_repository", out.commits_per_repository)
      .finish();
}

Status read_token(const rapidjson::Value& value, const std::string& where, TokenOptions& out) {
  return Fields(value, where)
      .read("token", out.token)
      .read("login", out.login)
      .strings("organisations", out.organisations)
      .finish();
}

Status read_limits(const rapidjson::Value& value, const std::string& where, LimitOptions& out) {
  return Fields(value, where)
      .read("primary", out.primary)
      .read("window", out.window)
      .read("points_per_minute", out.points_per_minute)
      .read("concurrent", out.concurrent)
      .read("secondary_retry_after", out.secondary_retry_after)
      .read("refusal_status", out.refusal_status)
      .finish();
}

} // namespace

Result<SimulatorOptions> options_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse_configuration(json, document));
  SimulatorOptions options;
  WorldOptions& world = options.world;
  DOVETAIL_TRY_STATUS(
      Fields(document, "")
          .read("seed", world.seed)
          .read("epoch", world.epoch)
          .read("history", world.history)
          .read("long_body_share", world.long_body_share)
          .read("long_body_bytes", world.long_body_bytes)
          .items("organisations",
                 [&](const rapidjson::Value& item, const std::string& place) {
                   return read_organisation(item, place, world.organisations.emplace_back());
                 })
          .items("tokens",
                 [&](const rapidjson::Value& item, const std::string& place) {
                   return read_token(item, place, options.tokens.emplace_back());
                 })
          .nested("limits", [&](const rapidjson::Value& inner,
                                const std::string& place) { return read_limits(inner, place, options.limits); })
          .nested("faults", [&](const rapidjson::Value& inner,
                                const std::string& place) { return read_fault_plan(inner, place, options.faults); })
          .read("path_prefix", options.path_prefix)
          .read("api_base", options.api_base)
          .read("gzip", options.gzip)
          .read("link_on_not_modified", options.link_on_not_modified)
          .read("largest_page", options.largest_page)
          .read("control", options.control)
          .read("cache_bytes", options.cache_bytes)
          .finish());
  DOVETAIL_TRY_STATUS(World::check(world));
  return options;
}

Result<LimitOptions> limits_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse_configuration(json, document));
  LimitOptions limits;
  DOVETAIL_TRY_STATUS(read_limits(document, "", limits));
  return limits;
}

Result<MutationRequest> mutation_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse_configuration(json, document));
  MutationRequest request;
  MutationCounts& counts = request.counts;
  std::uint32_t organisation = std::numeric_limits<std::uint32_t>::max();
  DOVETAIL_TRY_STATUS(Fields(document, "")
                          .read("seed", request.seed)
                          .read("new_pulls", counts.new_pulls)
                          .read("updated_pulls", counts.updated_pulls)
                          .read("merged_pulls", counts.merged_pulls)
                          .read("closed_pulls", counts.closed_pulls)
                          .read("new_reviews", counts.new_reviews)
                          .read("dismissed_reviews", counts.dismissed_reviews)
                          .read("new_pull_commits", counts.new_pull_commits)
                          .read("new_commits", counts.new_commits)
                          .read("renamed_repositories", counts.renamed_repositories)
                          .read("renamed_members", counts.renamed_members)
                          .read("added_members", counts.added_members)
                          .read("removed_members", counts.removed_members)
                          .read("archived_repositories", counts.archived_repositories)
                          .read("deleted_repositories", counts.deleted_repositories)
                          .read("same_second", counts.same_second)
                          .read("advance", counts.advance)
                          .read("organisation", organisation)
                          .finish());
  if (organisation != std::numeric_limits<std::uint32_t>::max()) {
    counts.organisation = organisation;
  }
  return request;
}

SimulatorOptions demonstration() {
  SimulatorOptions options;
  options.world.seed = 20'260'105;
  struct Demo {
    const char* login;
    int members;
    int repositories;
    int pulls;
  };
  for (const Demo& demo : {Demo{"northwind", 14, 6, 140}, Demo{"fabrikam", 9, 4, 80}, Demo{"tailspin", 5, 3, 40}}) {
    OrganisationOptions organisation;
    organisation.login = demo.login;
    organisation.members = demo.members;
    organisation.repositories = demo.repositories;
    organisation.pull_requests = demo.pulls;
    options.world.organisations.push_back(organisation);
    options.tokens.push_back({std::string("demo-token-") + demo.login, "", {demo.login}});
  }
  return options;
}

} // namespace dovetail::simulators::github
