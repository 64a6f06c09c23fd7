// SPDX-License-Identifier: Apache-2.0
#include "core/model/registry.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/json/file.hpp"
#include "core/model/identifiers.hpp"

namespace dovetail::model {

namespace detail {
extern const std::string_view model_schema_text;
}

namespace {

using json::Problem;
using json::Value;

std::string text_at(const Value& value, const char* pointer) { return std::string(value.string_or(pointer, "")); }

/// Reads one model that has passed the schema; what only code can check goes into `problems`.
class Reader {
public:
  Reader(Model& model, std::vector<Problem>& problems) : model_(model), problems_(problems) {}

  void read(const Value& document) {
    model_.name = text_at(document, "/name");
    model_.label = text_at(document, "/label");
    model_.version = static_cast<int>(document.int64_or("/version", 1));
    if (is_sql_keyword(model_.name)) {
      complain("/name", fmt::format("\"{}\" is a word of SQL: choose another name", model_.name));
    }
    for (const auto entry : document["fields"].elements()) {
      model_.fields.push_back(field(entry));
      check_name(entry.pointer() + "/name", model_.fields.back().name);
    }
    for (const auto entry : document["derived"].elements()) {
      derived(entry);
    }
    for (const auto entry : document["policies"].elements()) {
      policy(entry);
    }
    for (const auto entry : document["indexes"].elements()) {
      std::vector<std::string> columns;
      for (const auto column : entry.elements()) {
        columns.emplace_back(column.as_string().value_or(""));
        if (!type_of(columns.back())) {
          complain(column.pointer(), fmt::format("\"{}\" is no field of this model", columns.back()));
        }
      }
      model_.indexes.push_back(std::move(columns));
    }
  }

private:
  void complain(std::string pointer, std::string message) {
    problems_.push_back({std::move(pointer), std::move(message)});
  }

  static Field field(const Value& entry) {
    return {.name = text_at(entry, "/name"),
            .type = field_type_from_name(entry.string_or("/type", "")).value_or(FieldType::text),
            .description = text_at(entry, "/description"),
            .pii = entry.bool_or("/pii", false)};
  }

  /// The name of the field that was added last.
  void check_name(const std::string& pointer, const std::string& name) {
    if (is_own_column(name)) {
      complain(pointer, fmt::format("every table has a column \"{}\" already: choose another name", name));
    } else if (is_sql_keyword(name)) {
      complain(pointer, fmt::format("\"{}\" is a word of SQL: choose another name", name));
    }
    const auto same = [&](const Field& known) { return known.name == name; };
    const auto same_derived = [&](const DerivedField& known) { return known.field.name == name; };
    if (std::count_if(model_.fields.begin(), model_.fields.end(), same) +
            std::count_if(model_.derived.begin(), model_.derived.end(), same_derived) >
        1) {
      complain(pointer, fmt::format("the field \"{}\" is declared twice", name));
    }
  }

  /// Of a declared field, or of a derived one that was declared before.
  [[nodiscard]] std::optional<FieldType> type_of(std::string_view name) const {
    if (const auto* const known = model_.find(name)) {
      return known->type;
    }
    for (const auto& known : model_.derived) {
      if (known.field.name == name) {
        return known.field.type;
      }
    }
    return std::nullopt;
  }

  void derived(const Value& entry) {
    DerivedField derived;
    derived.field = field(entry);
    const auto between = entry["secondsBetween"];
    const auto min_of = entry["minOf"];
    if (between.exists() == min_of.exists()) {
      complain(entry.pointer(), "a derived field has either \"secondsBetween\" or \"minOf\"");
      return;
    }
    if (between.exists()) {
      seconds_between(entry, between, derived);
    } else {
      read_min_of(entry, min_of, derived);
    }
    const auto name = derived.field.name;
    model_.derived.push_back(std::move(derived));
    check_name(entry.pointer() + "/name", name);
  }

  void seconds_between(const Value& entry, const Value& between, DerivedField& derived) {
    derived.kind = DerivedField::Kind::seconds_between;
    derived.from = text_at(between, "/from");
    derived.to = text_at(between, "/to");
    for (const auto* const end : {"from", "to"}) {
      const auto named = between[std::string_view(end)];
      const auto type = type_of(named.as_string().value_or(""));
      if (!type) {
        complain(named.pointer(), fmt::format("{} is no field of this model, nor one derived before", named.dump()));
      } else if (*type != FieldType::timestamp) {
        complain(named.pointer(), fmt::format("{} is of type {}, expected timestamp", named.dump(), to_string(*type)));
      }
    }
    if (entry["type"].exists() && derived.field.type != FieldType::integer) {
      complain(entry.pointer() + "/type", "secondsBetween yields an integer");
    }
    derived.field.type = FieldType::integer;
  }

  void read_min_of(const Value& entry, const Value& min_of, DerivedField& derived) {
    derived.kind = DerivedField::Kind::min_of;
    derived.of_model = text_at(min_of, "/model");
    derived.of_field = text_at(min_of, "/field");
    derived.of_key = text_at(min_of, "/theirKey");
    derived.key = text_at(min_of, "/ourKey");
    if (!entry["type"].exists()) {
      complain(entry.pointer(), "minOf needs a \"type\": that of the other model's field");
    }
    if (model_.find(derived.key) == nullptr) {
      complain(min_of.pointer() + "/ourKey", fmt::format("\"{}\" is no field of this model", derived.key));
    }
    for (const auto part : min_of["where"].elements()) {
      condition(part, derived);
    }
  }

  void condition(const Value& part, DerivedField& derived) {
    Condition condition;
    condition.field = text_at(part, "/field");
    int kinds = 0;
    const auto take = [&](const char* name, Condition::Kind kind) {
      if (const auto text = part[std::string_view(name)].as_string()) {
        condition.kind = kind;
        condition.value = *text;
        ++kinds;
      }
    };
    take("equals", Condition::Kind::equals);
    take("notEquals", Condition::Kind::not_equals);
    take("notEqualsField", Condition::Kind::not_equals_field);
    if (const auto null = part["isNull"].as_bool()) {
      condition.kind = *null ? Condition::Kind::is_null : Condition::Kind::is_not_null;
      ++kinds;
    }
    if (kinds != 1) {
      complain(part.pointer(), "a condition has one of \"equals\", \"notEquals\", \"isNull\", \"notEqualsField\"");
    }
    if (condition.kind == Condition::Kind::not_equals_field && model_.find(condition.value) == nullptr) {
      complain(part.pointer() + "/notEqualsField", fmt::format("\"{}\" is no field of this model", condition.value));
    }
    derived.where.push_back(std::move(condition));
  }

  void policy(const Value& entry) {
    FieldPolicy policy{.field = text_at(entry, "/field"),
                       .source = text_at(entry, "/source"),
                       .state = text_at(entry, "/state"),
                       .otherwise = policy_kind_from_name(entry.string_or("/default", "")).value_or(PolicyKind{}),
                       .rule_key = text_at(entry, "/ruleKey"),
                       .aliases = {}};
    for (const auto& [alias, kind] : entry["aliases"].members()) {
      policy.aliases.emplace_back(alias, policy_kind_from_name(kind.as_string().value_or("")).value_or(PolicyKind{}));
    }
    for (const auto* const part : {"field", "source", "state"}) {
      const auto named = entry[std::string_view(part)];
      const auto* const known = model_.find(named.as_string().value_or(""));
      if (known == nullptr) {
        complain(named.pointer(), fmt::format("{} is no field of this model", named.dump()));
      } else if (known->type != FieldType::text) {
        complain(named.pointer(), fmt::format("{} is of type {}, expected text", named.dump(), to_string(known->type)));
      }
      policy_part(named, policy);
    }
    if (policy.field == policy.source || policy.field == policy.state || policy.source == policy.state) {
      complain(entry.pointer(), "\"field\", \"source\" and \"state\" are three different fields");
    }
    if (!policy.rule_key.empty() &&
        std::any_of(model_.policies.begin(), model_.policies.end(),
                    [&](const FieldPolicy& other) { return other.rule_key == policy.rule_key; })) {
      complain(entry.pointer() + "/ruleKey", fmt::format("\"{}\" stands here twice", policy.rule_key));
    }
    model_.policies.push_back(std::move(policy));
  }

  /// Of two policies that write one field, one would undo what the other did.
  void policy_part(const Value& named, const FieldPolicy& policy) {
    const auto name = named.as_string().value_or("");
    const bool written = name == policy.field || name == policy.state;
    for (const FieldPolicy& other : model_.policies) {
      if (name == other.field || name == other.state || (written && name == other.source)) {
        complain(named.pointer(), fmt::format("\"{}\" belongs to another policy already", name));
        return;
      }
    }
  }

  Model& model_;
  std::vector<Problem>& problems_;
};

Result<json::Schema> model_schema() { return json::Schema::compile_text(detail::model_schema_text); }

Model parse_checked(const Value& document, const json::Schema& schema, std::vector<Problem>& problems) {
  Model model;
  auto found = schema.validate(document);
  if (found.empty()) {
    Reader(model, problems).read(document);
  }
  problems.insert(problems.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  return model;
}

/// Why a minOf cannot work with the model that it looks at; "" when it can.
std::string broken_link(const Model& model, const DerivedField& derived, const Model* other) {
  if (other == nullptr) {
    return fmt::format("there is no model \"{}\"", derived.of_model);
  }
  const auto missing = [&](const std::string& field) { return other->find(field) == nullptr; };
  for (const auto& field : {derived.of_field, derived.of_key}) {
    if (missing(field)) {
      return fmt::format("the model \"{}\" has no field \"{}\"", other->name, field);
    }
  }
  // The store computes such a field when a page or a sweep touches rows, not when a person or a policy changes one.
  const auto local = [&](const std::string& field) {
    return std::any_of(other->policies.begin(), other->policies.end(),
                       [&](const FieldPolicy& policy) { return policy.field == field || policy.state == field; });
  };
  if (local(derived.of_field) || local(derived.of_key) ||
      std::any_of(derived.where.begin(), derived.where.end(),
                  [&](const Condition& condition) { return local(condition.field); })) {
    return fmt::format("looks at a field of \"{}\" that a policy makes local", other->name);
  }
  const auto type = other->find(derived.of_field)->type;
  if (type != derived.field.type) {
    return fmt::format("is declared as {}, but {}.{} is of type {}", to_string(derived.field.type), other->name,
                       derived.of_field, to_string(type));
  }
  const auto theirs = other->find(derived.of_key)->type;
  const auto ours = model.find(derived.key)->type;
  if (theirs != ours || (theirs != FieldType::text && theirs != FieldType::integer)) {
    return fmt::format("the keys {}.{} ({}) and {}.{} ({}) must both be text or both be integer", other->name,
                       derived.of_key, to_string(theirs), model.name, derived.key, to_string(ours));
  }
  for (const auto& condition : derived.where) {
    if (missing(condition.field)) {
      return fmt::format("the model \"{}\" has no field \"{}\"", other->name, condition.field);
    }
    if (condition.kind == Condition::Kind::not_equals_field &&
        other->find(condition.field)->type != model.find(condition.value)->type) {
      return fmt::format("{}.{} and {}.{} are of different types", other->name, condition.field, model.name,
                         condition.value);
    }
  }
  return {};
}

} // namespace

Model parse_model(const Value& document, std::vector<Problem>& problems) {
  const auto schema = model_schema();
  if (!schema.ok()) {
    problems.push_back({"", schema.error().message});
    return {};
  }
  return parse_checked(document, *schema, problems);
}

Result<ModelRegistry> ModelRegistry::load(const std::vector<std::filesystem::path>& directories) {
  DOVETAIL_TRY(const auto schema, model_schema());
  ModelRegistry registry;
  for (const auto& directory : directories) {
    DOVETAIL_TRY(const auto files, json::list_json_files(directory, max_models));
    for (const auto& file : files) {
      registry.read(file, schema);
    }
  }
  if (registry.models_.size() > max_models) {
    return resource_exhausted(fmt::format("{} models, at most {} are allowed", registry.models_.size(), max_models));
  }
  registry.drop_broken_links();
  return registry;
}

void ModelRegistry::read(const std::filesystem::path& file, const json::Schema& schema) {
  auto text = json::read_file(file);
  if (!text.ok()) {
    errors_.push_back(text.error().message);
    return;
  }
  auto document = json::Document::parse(*text);
  if (!document.ok()) {
    errors_.push_back(fmt::format("{}: {}", file.string(), document.error().message));
    return;
  }
  std::vector<Problem> problems;
  auto model = parse_checked(document->root(), schema, problems);
  for (const auto& problem : problems) {
    errors_.push_back(fmt::format("{}: {}", file.string(), problem.text()));
  }
  if (!problems.empty()) {
    return;
  }
  const auto known = models_.find(model.name);
  if (known != models_.end() && known->second.file.parent_path() == file.parent_path()) {
    errors_.push_back(fmt::format("{}: /name: {} declares the model \"{}\" already", file.string(),
                                  known->second.file.filename().string(), model.name));
    return;
  }
  auto name = model.name;
  models_.insert_or_assign(std::move(name), Entry{std::move(model), file});
}

void ModelRegistry::drop_broken_links() {
  // A model that goes may break another that looked at it.
  for (bool again = true; again;) {
    again = false;
    for (auto entry = models_.begin(); entry != models_.end() && !again; ++entry) {
      const auto& model = entry->second.model;
      for (std::size_t i = 0; i < model.derived.size(); ++i) {
        const auto& derived = model.derived[i];
        auto reason =
            derived.kind == DerivedField::Kind::min_of ? broken_link(model, derived, find(derived.of_model)) : "";
        if (!reason.empty()) {
          errors_.push_back(
              fmt::format("{}: /derived/{} (\"{}\"): {}", entry->second.file.string(), i, derived.field.name, reason));
          again = true;
        }
      }
      if (again) {
        models_.erase(entry);
        break;
      }
    }
  }
}

const Model* ModelRegistry::find(std::string_view name) const noexcept {
  const auto found = models_.find(name);
  return found == models_.end() ? nullptr : &found->second.model;
}

std::vector<const Model*> ModelRegistry::all() const {
  std::vector<const Model*> models;
  models.reserve(models_.size());
  for (const auto& [name, entry] : models_) {
    models.push_back(&entry.model);
  }
  return models;
}

} // namespace dovetail::model
