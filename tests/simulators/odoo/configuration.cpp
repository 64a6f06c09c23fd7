// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/odoo/configuration.hpp"

#include <string>
#include <utility>
#include <vector>

#include <rapidjson/document.h>

#include "tests/simulators/json_fields.hpp"
#include "tests/simulators/json_text.hpp"

namespace dovetail::simulators::odoo {
namespace {

Status read_user(const rapidjson::Value& value, const std::string& where, UserOptions& out) {
  std::vector<std::string> rights;
  const Status status = Fields(value, where)
                            .read("login", out.login)
                            .read("key", out.key)
                            .read("password", out.password)
                            .read("uid", out.uid)
                            .strings("rights", rights)
                            .finish();
  if (!rights.empty()) {
    out.rights = std::move(rights);
  }
  return status;
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
          .read("major_version", world.major_version)
          .read("epoch", world.epoch)
          .read("departments", world.departments)
          .read("jobs", world.jobs)
          .read("employees", world.employees)
          .read("partners", world.partners)
          .read("projects", world.projects)
          .read("tasks", world.tasks)
          .read("first_partner_id", world.first_partner_id)
          .read("database", options.database)
          .items("users",
                 [&](const rapidjson::Value& item, const std::string& place) {
                   return read_user(item, place, options.users.emplace_back());
                 })
          .nested("faults", [&](const rapidjson::Value& inner,
                                const std::string& place) { return read_fault_plan(inner, place, options.faults); })
          .read("web_version", options.web_version)
          .read("json2", options.json2)
          .read("xmlrpc", options.xmlrpc)
          .read("most_records", options.most_records)
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
                          .read("created", counts.created)
                          .read("updated", counts.updated)
                          .read("archived", counts.archived)
                          .read("deleted", counts.deleted)
                          .read("renamed_departments", counts.renamed_departments)
                          .read("changed_versions", counts.changed_versions)
                          .read("same_second", counts.same_second)
                          .read("stamped_earlier", counts.stamped_earlier)
                          .read("advance", counts.advance)
                          .read("model", counts.model)
                          .finish());
  return request;
}

std::string statistics_text(const Statistics& statistics) {
  JsonText out;
  out.begin_object().member("requests", statistics.requests).member("by_xmlrpc", statistics.by_xmlrpc);
  out.member("by_json2", statistics.by_json2).member("most_records", statistics.most_records);
  out.member("faults", statistics.faults).name("calls").begin_object();
  for (const auto& [what, times] : statistics.calls) {
    out.member(what, times);
  }
  out.end_object().name("undescribed").begin_array();
  for (const auto& request : statistics.undescribed) {
    out.value(request);
  }
  return out.end_array().end_object().take();
}

std::string counts_text(const MutationCounts& counts) {
  JsonText out;
  out.begin_object().member("created", counts.created).member("updated", counts.updated);
  out.member("archived", counts.archived).member("deleted", counts.deleted);
  out.member("renamed_departments", counts.renamed_departments);
  return out.member("changed_versions", counts.changed_versions).end_object().take();
}

SimulatorOptions demonstration() {
  SimulatorOptions options;
  options.world.seed = 20'260'105;
  options.users = {{.login = "robot@acme.example", .key = "demo-key"}};
  return options;
}

} // namespace dovetail::simulators::odoo
