// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/bqe/configuration.hpp"

#include "tests/simulators/json_fields.hpp"

namespace dovetail::simulators::bqe {
namespace {

Status read_limits(const rapidjson::Value& value, const std::string& where, LimitOptions& limits) {
  return Fields(value, where).read("per_minute", limits.per_minute).read("retry_after", limits.retry_after).finish();
}

Status read_shape(const rapidjson::Value& value, const std::string& where, ShapeOptions& shape) {
  return Fields(value, where)
      .read("client_as_object", shape.client_as_object)
      .read("enums_as_text", shape.enums_as_text)
      .read("zulu", shape.zulu)
      .read("fractions", shape.fractions)
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
          .read("projects", world.projects)
          .read("child_share", world.child_share)
          .read("levels", world.levels)
          .read("archived_share", world.archived_share)
          .read("clients", world.clients)
          .read("employees", world.employees)
          .read("bulk", world.bulk)
          .strings("tokens", options.tokens)
          .nested("limits", [&](const rapidjson::Value& inner,
                                const std::string& place) { return read_limits(inner, place, options.limits); })
          .nested("shape", [&](const rapidjson::Value& inner,
                               const std::string& place) { return read_shape(inner, place, options.shape); })
          .nested("faults", [&](const rapidjson::Value& inner,
                                const std::string& place) { return read_fault_plan(inner, place, options.faults); })
          .read("path_prefix", options.path_prefix)
          .read("identity_prefix", options.identity_prefix)
          .read("endpoint", options.endpoint)
          .read("client_id", options.oauth.client_id)
          .read("client_secret", options.oauth.client_secret)
          .read("empty_as_array", options.empty_as_array)
          .read("stable_ties", options.stable_ties)
          .read("has_deletions", options.has_deletions)
          .read("shorter_pages", options.shorter_pages)
          .read("gzip", options.gzip)
          .read("control", options.control)
          .finish());
  DOVETAIL_TRY_STATUS(World::check(world));
  return options;
}

Result<MutationRequest> mutation_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse_configuration(json, document));
  MutationRequest request;
  MutationCounts& counts = request.counts;
  DOVETAIL_TRY_STATUS(Fields(document, "")
                          .read("seed", request.seed)
                          .read("new_projects", counts.new_projects)
                          .read("new_children", counts.new_children)
                          .read("updated_projects", counts.updated_projects)
                          .read("archived_projects", counts.archived_projects)
                          .read("restored_projects", counts.restored_projects)
                          .read("deleted_projects", counts.deleted_projects)
                          .read("moved_below", counts.moved_below)
                          .read("moved_up", counts.moved_up)
                          .read("renamed_clients", counts.renamed_clients)
                          .read("deleted_clients", counts.deleted_clients)
                          .read("new_employees", counts.new_employees)
                          .read("updated_employees", counts.updated_employees)
                          .read("same_second", counts.same_second)
                          .read("advance", counts.advance)
                          .read("skew", counts.skew)
                          .finish());
  return request;
}

std::string statistics_text(const Statistics& statistics) {
  JsonText out;
  out.begin_object().member("total", statistics.total()).name("requests").begin_object();
  for (const auto& [path, by_status] : statistics.requests) {
    out.name(path).begin_object();
    for (const auto& [status, count] : by_status) {
      out.member(std::to_string(status), count);
    }
    out.end_object();
  }
  out.end_object().name("rows").begin_object();
  for (const auto& [path, count] : statistics.rows) {
    out.member(path, count);
  }
  out.end_object().name("undescribed").begin_array();
  for (const std::string& request : statistics.undescribed) {
    out.value(request);
  }
  return out.end_array().end_object().take();
}

SimulatorOptions demonstration() {
  SimulatorOptions options;
  options.world.projects = 60;
  options.tokens = {"demo-token"};
  return options;
}

} // namespace dovetail::simulators::bqe
