// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/json_fields.hpp"

#include <rapidjson/error/en.h>

namespace dovetail::simulators {
namespace {

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

} // namespace

Status read_fault_plan(const rapidjson::Value& value, const std::string& where, FaultPlan& out) {
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

Status parse_configuration(std::string_view json, rapidjson::Document& document) {
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError()) {
    return invalid_argument(fmt::format("simulator configuration: not JSON at byte {}: {}", document.GetErrorOffset(),
                                        rapidjson::GetParseError_En(document.GetParseError())));
  }
  return {};
}

Result<FaultPlan> faults_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse_configuration(json, document));
  FaultPlan plan;
  DOVETAIL_TRY_STATUS(read_fault_plan(document, "", plan));
  return plan;
}

} // namespace dovetail::simulators
