// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/configuration.hpp"

#include <limits>
#include <set>

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

namespace dovetail::simulators::github {
namespace {

/// Reads the members of one JSON object into variables; remembers the first thing that is wrong.
class Fields {
public:
  Fields(const rapidjson::Value& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object_.IsObject()) {
      fail("must be an object");
    }
  }

  template <typename T>
    requires std::is_integral_v<T>
  Fields& read(const char* name, T& out) {
    if (const rapidjson::Value* value = find(name)) {
      if constexpr (std::is_same_v<T, bool>) {
        value->IsBool() ? void(out = value->GetBool()) : fail(name, "must be true or false");
      } else if (value->IsUint64() && value->GetUint64() <= static_cast<std::uint64_t>(std::numeric_limits<T>::max())) {
        out = static_cast<T>(value->GetUint64());
      } else {
        fail(name, "must be a whole number in range");
      }
    }
    return *this;
  }
  Fields& read(const char* name, double& out) {
    if (const rapidjson::Value* value = find(name)) {
      value->IsNumber() && value->GetDouble() >= 0 ? void(out = value->GetDouble()) : fail(name, "must be a number");
    }
    return *this;
  }
  Fields& read(const char* name, std::string& out) {
    if (const rapidjson::Value* value = find(name)) {
      value->IsString() ? void(out.assign(value->GetString(), value->GetStringLength()))
                        : fail(name, "must be a string");
    }
    return *this;
  }
  template <typename Period> Fields& read(const char* name, std::chrono::duration<std::int64_t, Period>& out) {
    auto count = static_cast<std::int32_t>(out.count());
    read(name, count);
    out = std::chrono::duration<std::int64_t, Period>(count);
    return *this;
  }
  Fields& read(const char* name, sys_seconds& out) {
    std::string text = format_instant(out);
    read(name, text);
    const std::optional<sys_seconds> time = parse_instant(text);
    time ? void(out = *time) : fail(name, "must be an instant such as 2026-01-05T00:00:00Z");
    return *this;
  }
  /// Calls `each(value, place)` for the items of an array.
  template <typename Each> Fields& items(const char* name, Each each) {
    const rapidjson::Value* value = find(name);
    if (value == nullptr) {
      return *this;
    }
    if (!value->IsArray()) {
      fail(name, "must be an array");
      return *this;
    }
    std::size_t index = 0;
    for (const rapidjson::Value& item : value->GetArray()) {
      note(each(item, fmt::format("{}/{}/{}", where_, name, index++)));
    }
    return *this;
  }
  /// Calls `inner(value, place)` when the member is there.
  template <typename Inner> Fields& nested(const char* name, Inner inner) {
    if (const rapidjson::Value* value = find(name)) {
      note(inner(*value, fmt::format("{}/{}", where_, name)));
    }
    return *this;
  }

  /// The first error, or one about a member that nobody asked for.
  [[nodiscard]] Status finish() {
    if (error_.ok() && object_.IsObject()) {
      for (const auto& member : object_.GetObject()) {
        if (!known_.contains(member.name.GetString())) {
          fail(member.name.GetString(), "is not known here");
        }
      }
    }
    return error_;
  }

private:
  const rapidjson::Value* find(const char* name) {
    known_.insert(name);
    if (!object_.IsObject()) {
      return nullptr;
    }
    const auto found = object_.FindMember(name);
    return found == object_.MemberEnd() ? nullptr : &found->value;
  }
  void fail(std::string_view name, std::string_view what) { fail(fmt::format("{} {}", name, what)); }
  void fail(std::string_view what) {
    note(invalid_argument(fmt::format("simulator configuration: {}: {}", where_.empty() ? "/" : where_, what)));
  }
  void note(const Status& status) {
    if (error_.ok() && !status.ok()) {
      error_ = status;
    }
  }

  const rapidjson::Value& object_;
  const std::string where_;
  std::set<std::string, std::less<>> known_;
  Status error_;
};

Status read_strings(const rapidjson::Value& item, const std::string& where, std::vector<std::string>& out) {
  if (!item.IsString()) {
    return invalid_argument(fmt::format("simulator configuration: {} must be a string", where));
  }
  out.emplace_back(item.GetString(), item.GetStringLength());
  return {};
}

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
      .items("organisations", [&](const rapidjson::Value& item,
                                  const std::string& place) { return read_strings(item, place, out.organisations); })
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

Result<FaultKind> read_kind(std::string_view name, const std::string& where) {
  const std::optional<FaultKind> kind = fault_kind_from_name(name);
  if (!kind) {
    return invalid_argument(fmt::format("simulator configuration: {}: \"{}\" is not a kind of fault", where, name));
  }
  return *kind;
}

Status read_script_line(const rapidjson::Value& value, const std::string& where, ScriptedFault& out) {
  std::string kind;
  std::chrono::seconds retry_after{-1};
  DOVETAIL_TRY_STATUS(Fields(value, where)
                          .read("kind", kind)
                          .read("target", out.target)
                          .read("nth", out.nth)
                          .read("times", out.times)
                          .read("retry_after", retry_after)
                          .finish());
  DOVETAIL_TRY(out.kind, read_kind(kind, where));
  if (retry_after.count() >= 0) {
    out.retry_after = retry_after;
  }
  return {};
}

Status read_probabilities(const rapidjson::Value& value, const std::string& where, FaultPlan& out) {
  if (!value.IsObject()) {
    return invalid_argument(fmt::format("simulator configuration: {} must be an object", where));
  }
  double sum = 0;
  for (const auto& member : value.GetObject()) {
    DOVETAIL_TRY(const FaultKind kind, read_kind(member.name.GetString(), where));
    if (!member.value.IsNumber() || member.value.GetDouble() < 0) {
      return invalid_argument(
          fmt::format("simulator configuration: {}/{} must be a number", where, member.name.GetString()));
    }
    out.probabilities[kind] = member.value.GetDouble();
    sum += member.value.GetDouble();
  }
  if (sum > 1) {
    return invalid_argument(fmt::format("simulator configuration: {}: together more than 1", where));
  }
  return {};
}

Status read_faults(const rapidjson::Value& value, const std::string& where, FaultPlan& out) {
  return Fields(value, where)
      .read("seed", out.seed)
      .read("most_in_a_row", out.most_in_a_row)
      .read("retry_after", out.retry_after)
      .read("oversized_bytes", out.oversized_bytes)
      .read("drip_bytes", out.drip_bytes)
      .read("drip_pause_ms", out.drip_pause)
      .nested("probabilities", [&](const rapidjson::Value& inner,
                                   const std::string& place) { return read_probabilities(inner, place, out); })
      .items("script",
             [&](const rapidjson::Value& item, const std::string& place) {
               return read_script_line(item, place, out.script.emplace_back());
             })
      .finish();
}

Status parse(std::string_view json, rapidjson::Document& document) {
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError()) {
    return invalid_argument(fmt::format("simulator configuration: not JSON at byte {}: {}", document.GetErrorOffset(),
                                        rapidjson::GetParseError_En(document.GetParseError())));
  }
  return {};
}

} // namespace

Result<SimulatorOptions> options_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse(json, document));
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
                                const std::string& place) { return read_faults(inner, place, options.faults); })
          .read("path_prefix", options.path_prefix)
          .read("api_base", options.api_base)
          .read("gzip", options.gzip)
          .read("link_on_not_modified", options.link_on_not_modified)
          .read("control", options.control)
          .read("cache_bytes", options.cache_bytes)
          .finish());
  DOVETAIL_TRY_STATUS(World::check(world));
  return options;
}

Result<LimitOptions> limits_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse(json, document));
  LimitOptions limits;
  DOVETAIL_TRY_STATUS(read_limits(document, "", limits));
  return limits;
}

Result<FaultPlan> faults_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse(json, document));
  FaultPlan plan;
  DOVETAIL_TRY_STATUS(read_faults(document, "", plan));
  return plan;
}

Result<MutationRequest> mutation_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse(json, document));
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
