// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/sync/cron.hpp"
#include "core/sync/rule.hpp"
#include "core/sync/rule_mapping.hpp"
#include "core/sync/rule_names.hpp"

namespace dovetail::sync {

namespace detail {
extern const std::string_view rule_schema_text;
}

namespace {

using json::Problem;
using json::Value;

/// What only code can check of a rule that has passed the schema.
class RuleChecks {
public:
  RuleChecks(const Value& body, const RulePlace& place, std::vector<Problem>& problems)
      : body_(body), object_(*place.object), model_(*place.model), problems_(problems) {}

  void run() {
    place();
    fields();
    for (const auto& [pointer, wanted] : body_["filters"].members()) {
      filter(pointer, wanted);
    }
    schedule();
    behaviour();
    if (body_.bool_or("/includeSubprojects", false) && object_.parent_only) {
      complain("/includeSubprojects",
               fmt::format("can only be false: \"{}\" has parents only, as its manifest says (filters.parentOnly)",
                           object_.key));
    }
    initial_sync();
    policies();
  }

private:
  void complain(std::string pointer, std::string message) {
    problems_.push_back({std::move(pointer), std::move(message)});
  }

  void place() {
    if (const auto named = body_["object"].as_string(); named && *named != object_.key) {
      complain("/object", fmt::format("is \"{}\", but this is the rule of \"{}\"", *named, object_.key));
    }
  }

  void fields() {
    std::vector<std::string> selected;
    bool known = true;
    for (const auto field : body_["fields"].elements()) {
      selected.emplace_back(field.as_string().value_or(""));
      if (object_.find_field(selected.back()) == nullptr) {
        known = false;
        complain(field.pointer(), fmt::format("\"{}\" is no field of \"{}\": `dovetail provider show` lists them",
                                              selected.back(), object_.key));
      }
    }
    if (selected.empty() || !known) {
      return;
    }
    if (const auto mapping = mapping::Mapping::parse(object_.default_mapping);
        mapping.ok() && select_fields(*mapping, selected, {}).fields.empty()) {
      complain("/fields", "no field of the local model is filled from these alone: nothing would be read");
    }
  }

  void filter(std::string_view pointer, const Value& wanted) {
    const auto* const field = object_.find_field(pointer);
    if (field == nullptr) {
      complain(wanted.pointer(),
               fmt::format("\"{}\" is no field of \"{}\": `dovetail provider show` lists them", pointer, object_.key));
      return;
    }
    if (wanted.is_array()) {
      for (const auto value : wanted.elements()) {
        filter_value(*field, value);
      }
    } else {
      filter_value(*field, wanted);
    }
  }

  void filter_value(const manifest::ObjectField& field, const Value& value) {
    const auto type = model::field_type_from_name(field.type);
    if (!type || *type == model::FieldType::json) {
      complain(value.pointer(),
               fmt::format("\"{}\" is of type {}, which cannot be compared", field.pointer, field.type));
    } else if (!value.is_null() && !fits(*type, value)) {
      complain(value.pointer(), fmt::format("{} is no {}, which \"{}\" is", value.dump(), field.type, field.pointer));
    }
  }

  static bool fits(model::FieldType type, const Value& value) {
    switch (type) {
    case model::FieldType::text:
      return value.is_string();
    case model::FieldType::integer:
      return value.as_int64().has_value();
    case model::FieldType::real:
      return value.as_double().has_value();
    case model::FieldType::boolean:
      return value.as_bool().has_value();
    case model::FieldType::timestamp:
    case model::FieldType::date:
      return value.is_string() && parse_day_or_instant(*value.as_string()).has_value();
    case model::FieldType::json:
      return false;
    }
    return false;
  }

  void schedule() {
    const auto cron = body_["cron"].as_string();
    if (cron && body_["intervalMinutes"].exists()) {
      complain("/cron", "a rule has either \"intervalMinutes\" or \"cron\"");
    }
    if (cron) {
      if (const auto parsed = Cron::parse(*cron); !parsed.ok()) {
        complain("/cron", parsed.error().message);
      }
    }
  }

  void behaviour() {
    if (body_.string_or("/behaviour", "") == "delta" && !object_.capabilities.delta) {
      complain("/behaviour",
               fmt::format("\"delta\" is not possible: the provider cannot tell what changed of \"{}\"", object_.key));
    }
  }

  void initial_sync() {
    const auto mode = initial_mode_from_name(body_.string_or("/initialSyncMode", ""));
    const auto since = body_["initialSyncSince"].as_string();
    const bool from_manifest = !mode && object_.defaults.initial_sync == manifest::InitialSync::delta_only_after_date;
    const bool after_date = mode == InitialSyncMode::delta_only_after_date || from_manifest;
    if (mode && mode != InitialSyncMode::full_once) {
      if (!object_.capabilities.delta) {
        complain("/initialSyncMode",
                 fmt::format("needs a delta: the provider cannot tell what changed of \"{}\"", object_.key));
      } else if (body_.string_or("/behaviour", "") == "full") {
        complain("/initialSyncMode", "contradicts \"behaviour\": \"full\", which reads everything each time");
      }
    }
    if (since && !parse_day_or_instant(*since)) {
      complain("/initialSyncSince",
               fmt::format("\"{}\" is no date such as 2026-01-31 and no instant such as 2026-01-31T09:00:00Z", *since));
    } else if (since && !after_date) {
      complain("/initialSyncSince", "only counts with \"initialSyncMode\": \"delta_only_after_date\"");
    } else if (!since && mode == InitialSyncMode::delta_only_after_date) {
      complain("", "the member \"initialSyncSince\" is missing: \"delta_only_after_date\" needs a date");
    }
  }

  void policies() {
    for (const auto& [field, kind] : body_["fieldPolicies"].members()) {
      const auto* const policy = model_.find_policy(field);
      if (policy == nullptr) {
        complain(kind.pointer(), fmt::format("no policy can be chosen for \"{}\" of the model \"{}\"{}", field,
                                             model_.name, known_policies()));
      } else {
        policy_kind(*policy, kind);
      }
    }
    constexpr std::string_view suffix = "SyncPolicy";
    for (const auto& [name, kind] : body_.members()) {
      if (!name.ends_with(suffix)) {
        continue;
      }
      const auto found = std::find_if(model_.policies.begin(), model_.policies.end(),
                                      [key = name](const auto& policy) { return policy.rule_key == key; });
      if (found == model_.policies.end()) {
        complain(kind.pointer(),
                 fmt::format("the model \"{}\" declares no policy of this name{}", model_.name, known_policies()));
        continue;
      }
      policy_kind(*found, kind);
      const auto other = body_["fieldPolicies"][std::string_view(found->field)].as_string();
      if (other && found->kind_from_name(*other) != found->kind_from_name(kind.as_string().value_or(""))) {
        complain(kind.pointer(), fmt::format("says another policy than /fieldPolicies/{}", found->field));
      }
    }
  }

  void policy_kind(const model::FieldPolicy& policy, const Value& kind) {
    if (policy.kind_from_name(kind.as_string().value_or(""))) {
      return;
    }
    std::vector<std::string> names{"preserve_local", "follow_source", "write_once"};
    for (const auto& [alias, meaning] : policy.aliases) {
      names.push_back(alias);
    }
    complain(kind.pointer(), fmt::format("expected one of {}, found {}", fmt::join(names, ", "), kind.dump()));
  }

  [[nodiscard]] std::string known_policies() const {
    std::string fields;
    for (const auto& policy : model_.policies) {
      fields += (fields.empty() ? ": there is one for " : ", ") + policy.field;
    }
    return fields.empty() ? ": it has none" : fields;
  }

  const Value& body_;
  const manifest::Object& object_;
  const model::Model& model_;
  std::vector<Problem>& problems_;
};

} // namespace

std::vector<Problem> check_rule(const Value& body, const RulePlace& place) {
  const auto schema = json::Schema::compile_text(detail::rule_schema_text);
  if (!schema.ok()) {
    return {{"", schema.error().message}};
  }
  auto problems = schema->validate(body);
  if (problems.empty()) {
    RuleChecks(body, place, problems).run();
  }
  return problems;
}

} // namespace dovetail::sync
