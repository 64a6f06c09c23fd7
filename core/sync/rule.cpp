// SPDX-License-Identifier: Apache-2.0
#include "core/sync/rule.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "core/json/writer.hpp"
#include "core/mapping/hash.hpp"
#include "core/sync/rule_names.hpp"

namespace dovetail::sync {
namespace {

using json::Value;

store::DeletionPolicy deletion_of(manifest::DeletionPolicy policy) {
  switch (policy) {
  case manifest::DeletionPolicy::mark_inactive_keep_link:
    return store::DeletionPolicy::mark_inactive_keep_link;
  case manifest::DeletionPolicy::ignore:
    return store::DeletionPolicy::ignore;
  case manifest::DeletionPolicy::soft_delete:
    return store::DeletionPolicy::soft_delete;
  }
  return store::DeletionPolicy::mark_inactive_keep_link;
}

InitialSyncMode initial_of(manifest::InitialSync mode) {
  switch (mode) {
  case manifest::InitialSync::full_once:
    return InitialSyncMode::full_once;
  case manifest::InitialSync::delta_only_after_date:
    return InitialSyncMode::delta_only_after_date;
  case manifest::InitialSync::delta_only_from_now:
    return InitialSyncMode::delta_only_from_now;
  }
  return InitialSyncMode::full_once;
}

mapping::Scalar scalar_of(const Value& value) {
  using Kind = mapping::Scalar::Kind;
  if (const auto text = value.as_string()) {
    return {.kind = Kind::string, .text = std::string(*text)};
  }
  if (const auto flag = value.as_bool()) {
    return {.kind = Kind::boolean, .text = *flag ? "true" : "false"};
  }
  return value.is_null() ? mapping::Scalar{} : mapping::Scalar{.kind = Kind::number, .text = value.dump()};
}

void read_filters(const Value& filters, ObjectRule& rule) {
  json::Writer writer;
  writer.begin_object();
  for (const auto& [pointer, wanted] : filters.members()) {
    RuleFilter filter{.pointer = std::string(pointer), .values = {}};
    writer.key(pointer).begin_array();
    const auto take = [&](const Value& value) {
      filter.values.push_back(scalar_of(value));
      writer.value(value);
    };
    if (wanted.is_array()) {
      for (const auto value : wanted.elements()) {
        take(value);
      }
    } else {
      take(wanted);
    }
    writer.end_array();
    rule.filters.push_back(std::move(filter));
  }
  writer.end_object();
  rule.filters_json = std::move(writer).take();
}

void read_policies(const Value& body, const model::Model& model, ObjectRule& rule) {
  for (const auto& policy : model.policies) {
    const auto name = body["fieldPolicies"][std::string_view(policy.field)].as_string();
    const auto short_name =
        policy.rule_key.empty() ? std::nullopt : body[std::string_view(policy.rule_key)].as_string();
    if (const auto kind = policy.kind_from_name(name ? *name : short_name.value_or(""))) {
      rule.policies[policy.field] = *kind;
    }
  }
}

/// What a page that was not read again would have been treated by.
std::uint64_t signature_of(const Value& body) {
  json::Writer writer;
  writer.begin_object();
  bool any = false;
  for (const auto* const name : {"autoCreateUnmatched", "conflictPolicy", "deletionPolicy", "fields", "filters"}) {
    if (const auto value = body[std::string_view(name)]; value.exists()) {
      writer.key(name).raw(value.dump_canonical());
      any = true;
    }
  }
  writer.end_object();
  return any ? mapping::hash_text(writer.view()) : 0;
}

} // namespace

ObjectRule default_rule(const manifest::Object& object) {
  ObjectRule rule;
  // An object without a delta is read fully anyhow, or below parents that changed.
  rule.full = object.capabilities.delta && object.defaults.behaviour == manifest::Behaviour::full;
  rule.conflict = object.defaults.conflict_policy == manifest::ConflictPolicy::skip ? store::ConflictPolicy::skip
                                                                                    : store::ConflictPolicy::upsert;
  rule.deletion = deletion_of(object.defaults.deletion_policy);
  rule.initial_mode = initial_of(object.defaults.initial_sync);
  return rule;
}

ObjectRule read_rule(const Value& body, const RulePlace& place) {
  ObjectRule rule = default_rule(*place.object);
  rule.enabled = body.bool_or("/enabled", true);
  rule.dry_run = body.bool_or("/dryRun", false);
  if (const auto behaviour = body["behaviour"].as_string()) {
    rule.full = *behaviour == "full";
  }
  if (const auto policy = body["conflictPolicy"].as_string()) {
    rule.conflict = *policy == "skip" ? store::ConflictPolicy::skip : store::ConflictPolicy::upsert;
  }
  rule.create_unmatched = body.bool_or("/autoCreateUnmatched", true);
  rule.deletion = store::deletion_policy_from_name(body.string_or("/deletionPolicy", "")).value_or(rule.deletion);
  rule.initial_mode = initial_mode_from_name(body.string_or("/initialSyncMode", "")).value_or(rule.initial_mode);
  rule.initial_since = parse_day_or_instant(body.string_or("/initialSyncSince", ""));
  rule.on_stale_mapping =
      body.string_or("/onStaleMapping", "block") == "run_valid" ? StaleMapping::run_valid : StaleMapping::block;
  for (const auto field : body["fields"].elements()) {
    rule.fields.emplace_back(field.as_string().value_or(""));
  }
  if (body["filters"].size() > 0) {
    read_filters(body["filters"], rule);
  }
  read_policies(body, *place.model, rule);
  rule.signature = signature_of(body);
  return rule;
}

Result<ObjectRule> read_rule(const store::RuleRecord& record, const RulePlace& place) {
  auto document = json::Document::parse(record.body);
  if (!document.ok()) {
    return data_loss(
        fmt::format("The stored rule for \"{}\" is no JSON: set it anew with `dovetail rule set`.", record.object));
  }
  if (const auto problems = check_rule(document->root(), place); !problems.empty()) {
    return failed_precondition(
        fmt::format("The rule for \"{}\" no longer fits: {}. Change it with `dovetail rule set`.", record.object,
                    problems.front().text()));
  }
  ObjectRule rule = read_rule(document->root(), place);
  rule.revision = record.revision;
  rule.enabled = record.enabled;
  return rule;
}

std::string stored_rule_body(const Value& body) {
  json::Writer writer;
  writer.begin_object();
  for (const auto& [name, value] : body.members()) {
    if (name != "enabled") {
      writer.member(name, value);
    }
  }
  writer.end_object();
  const auto kept = json::Document::parse(writer.view());
  return kept.ok() ? kept->root().dump_canonical() : std::string(writer.view());
}

} // namespace dovetail::sync
