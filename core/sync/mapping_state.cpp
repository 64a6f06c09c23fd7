// SPDX-License-Identifier: Apache-2.0
#include "core/sync/mapping_state.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/json/document.hpp"
#include "core/json/pointer.hpp"
#include "core/json/writer.hpp"
#include "core/mapping/override.hpp"

namespace dovetail::sync {
namespace {

using mapping::Mapping;
using mapping::SourcePlace;

constexpr std::array<std::pair<StaleMapping, std::string_view>, 2> choice_names{
    {{StaleMapping::block, "block"}, {StaleMapping::run_valid, "run_valid"}}};
constexpr std::array<std::pair<StaleField::Kind, std::string_view>, 3> kind_names{
    {{StaleField::Kind::missing, "missing"},
     {StaleField::Kind::retyped, "retyped"},
     {StaleField::Kind::renamed, "renamed"}}};

/// So many are named in a message; the others are counted.
constexpr std::size_t max_named = 10;

/// One thing that a mapping fills and the places it reads for that.
struct Reader {
  std::string field;
  std::string pointer; ///< in the mapping's JSON
  std::vector<SourcePlace> places;
};

std::vector<Reader> readers_of(const Mapping& mapping) {
  std::vector<Reader> readers{{"externalId", "/externalId", places_of(mapping.external_id)}};
  if (mapping.source_updated_at) {
    readers.push_back({"sourceUpdatedAt", "/sourceUpdatedAt", places_of(mapping.source_updated_at->from)});
  }
  if (mapping.inactive_when) {
    readers.push_back({"inactiveWhen", "/inactiveWhen", places_of(mapping.inactive_when->from)});
  }
  if (mapping.gone_when) {
    readers.push_back({"goneWhen", "/goneWhen", places_of(mapping.gone_when->from)});
  }
  for (const mapping::FieldMapping& field : mapping.fields) {
    readers.push_back({field.field, "/fields/" + json::escape_step(field.field), places_of(field.from)});
  }
  return readers;
}

bool is_below(std::string_view pointer, std::string_view above) {
  return pointer.size() > above.size() && pointer.starts_with(above) && pointer[above.size()] == '/';
}

bool manifest_has(const manifest::Object& object, std::string_view pointer) {
  return pointer.empty() ||
         std::any_of(object.fields.begin(), object.fields.end(), [pointer](const manifest::ObjectField& field) {
           return field.pointer == pointer || is_below(field.pointer, pointer) ||
                  (field.type == "json" && is_below(pointer, field.pointer));
         });
}

/// Whether manifest or account have what stands at `place`. Of a find whose elements the account names, the element has to be one of those.
bool is_known(const manifest::Object& object, const std::optional<AccountFields>& current, const SourcePlace& place) {
  bool same_array = false;
  if (current) {
    for (const AccountField& field : *current) {
      if (field.is_read_by(place)) {
        return true;
      }
      same_array = same_array || std::any_of(field.places.begin(), field.places.end(), [&](const SourcePlace& own) {
                     return own.is_find() && own.pointer == place.pointer && own.where == place.where;
                   });
    }
  }
  return !(place.is_find() && same_array) && manifest_has(object, place.pointer);
}

/// What became of the fields at one place between the accepted and the current state of the account.
class AccountChange {
public:
  AccountChange(const AccountFields& accepted, const AccountFields& current) : accepted_(accepted), current_(current) {
    for (const AccountField& field : current) {
      scopes_.insert(field.scope);
    }
  }

  void judge(const Reader& reader, const SourcePlace& place, std::vector<StaleField>& found) const {
    for (const AccountField& before : accepted_) {
      // A part of the account that is no longer read took its records along.
      if (!before.is_read_by(place) || !(before.scope.empty() || scopes_.contains(before.scope))) {
        continue;
      }
      const auto now = std::find_if(current_.begin(), current_.end(), [&before](const AccountField& field) {
        return field.key == before.key && field.scope == before.scope;
      });
      if (now == current_.end()) {
        found.push_back({StaleField::Kind::missing, reader.field,
                         fmt::format("reads {}, which is gone{}", before.name(), hint(before))});
      } else if (now->type != before.type) {
        found.push_back({StaleField::Kind::retyped, reader.field,
                         fmt::format("reads {}, which was {} and is now {}", before.name(), before.type, now->type)});
      } else if (now->label != before.label) {
        found.push_back({StaleField::Kind::renamed, reader.field,
                         fmt::format("reads {}, which is now called {}", before.name(), json::quoted(now->label))});
      }
    }
  }

  /// Whether something of the accepted type still stands at `place`.
  [[nodiscard]] bool readable(const SourcePlace& place) const {
    std::set<std::string_view> types;
    bool known = false;
    for (const AccountField& before : accepted_) {
      if (before.is_read_by(place)) {
        known = true;
        types.insert(before.type);
      }
    }
    return !known || std::any_of(current_.begin(), current_.end(), [&](const AccountField& field) {
      return field.is_read_by(place) && types.contains(field.type);
    });
  }

private:
  /// A field that was removed and made again has another key and, mostly, the same title.
  [[nodiscard]] std::string hint(const AccountField& before) const {
    const auto heir = std::find_if(current_.begin(), current_.end(), [&before](const AccountField& field) {
      return field.scope == before.scope && !before.label.empty() && field.label == before.label;
    });
    return heir == current_.end() ? std::string() : fmt::format("; {} has its title", heir->name());
  }

  const AccountFields& accepted_;
  const AccountFields& current_;
  std::set<std::string_view> scopes_;
};

/// Whether records are matched to rows by this field of the model.
bool matches_by(const manifest::Object& object, std::string_view field) {
  return std::any_of(object.match_by.begin(), object.match_by.end(), [field](const std::vector<std::string>& rule) {
    return std::find(rule.begin(), rule.end(), field) != rule.end();
  });
}

void leave_out(const manifest::Object& object, const std::set<std::string>& fields, MappingState& state) {
  Mapping& mapping = state.valid;
  std::erase_if(mapping.fields, [&fields](const mapping::FieldMapping& field) { return fields.contains(field.field); });
  if (fields.contains("sourceUpdatedAt")) {
    mapping.source_updated_at.reset();
  }
  // Without its marks every archived record would pass for active again, and what is matched by a lost field would get a second row.
  state.unusable =
      mapping.fields.empty() || std::any_of(fields.begin(), fields.end(), [&object](const std::string& field) {
        return field == "externalId" || field == "inactiveWhen" || field == "goneWhen" || matches_by(object, field);
      });
}

/// The override's own fields that read what the provider no longer has.
void judge_override(const manifest::Object& object, const json::Value& change,
                    const std::optional<AccountFields>& current, MappingState& state, std::set<std::string>& lost) {
  for (const Reader& reader : readers_of(state.valid)) {
    const json::Value own = change.at(reader.pointer);
    if (!own.exists() || own.is_null()) {
      continue;
    }
    for (const SourcePlace& place : reader.places) {
      if (!is_known(object, current, place)) {
        state.fields.push_back({StaleField::Kind::missing, reader.field,
                                fmt::format("reads {}, which the provider no longer has", place.text())});
        lost.insert(reader.field);
      }
    }
  }
}

void judge_account(const AccountFields& accepted, const AccountFields& current, MappingState& state,
                   std::set<std::string>& lost) {
  const AccountChange change(accepted, current);
  for (const Reader& reader : readers_of(state.valid)) {
    if (lost.contains(reader.field)) {
      continue;
    }
    for (const SourcePlace& place : reader.places) {
      change.judge(reader, place, state.fields);
      if (!change.readable(place)) {
        lost.insert(reader.field);
      }
    }
  }
}

/// Field by field first, so that the message can say where it is wrong.
Status compile_singly(const Mapping& whole, const model::Model& model) {
  Mapping one = whole;
  for (const mapping::FieldMapping& field : whole.fields) {
    one.fields = {field};
    const auto compiled = mapping::compile(one, model);
    if (!compiled.ok()) {
      return compiled.error().in(fmt::format("\"/fields/{}\"", json::escape_step(field.field)));
    }
  }
  const auto compiled = mapping::compile(whole, model);
  return compiled.ok() ? Status() : Status(compiled.error());
}

} // namespace

std::string_view to_string(StaleMapping choice) noexcept {
  return choice_names.at(static_cast<std::size_t>(choice)).second;
}

std::optional<StaleMapping> stale_mapping_from_name(std::string_view name) noexcept {
  for (const auto& [choice, known] : choice_names) {
    if (known == name) {
      return choice;
    }
  }
  return std::nullopt;
}

std::string_view to_string(StaleField::Kind kind) noexcept {
  return kind_names.at(static_cast<std::size_t>(kind)).second;
}

std::string MappingState::message() const {
  std::string clauses;
  const auto add = [&clauses](const std::string& clause) { clauses += (clauses.empty() ? "" : "; ") + clause; };
  for (const std::string& reason : reasons) {
    add(reason);
  }
  for (std::size_t i = 0; i < std::min(fields.size(), max_named); ++i) {
    add(fmt::format("\"{}\" {}", fields[i].field, fields[i].what));
  }
  if (fields.size() > max_named) {
    add(fmt::format("and {} more", fields.size() - max_named));
  }
  constexpr std::size_t room_for_advice = 300;
  if (clauses.size() > limits::max_error_message_bytes - room_for_advice) {
    std::size_t end = limits::max_error_message_bytes - room_for_advice;
    while (end > 0 && (static_cast<unsigned char>(clauses[end]) & 0xC0U) == 0x80U) {
      --end; // not in the middle of a character
    }
    clauses.resize(end);
    clauses += "...";
  }
  return fmt::format(
      "Mappings out of date: {}. `dovetail mapping check` says more, `dovetail mapping set` corrects the "
      "mapping, `dovetail mapping accept` takes it as it is.",
      clauses);
}

Result<MappingState> judge_mapping(const manifest::Object& object, const std::optional<store::MappingOverride>& change,
                                   const std::optional<AccountFields>& accepted,
                                   const std::optional<AccountFields>& current) {
  MappingState state;
  std::optional<json::Document> own;
  if (change) {
    DOVETAIL_TRY(own, json::Document::parse(change->body, {.max_bytes = limits::max_mapping_bytes}));
    DOVETAIL_TRY(state.text, mapping::apply_override(object.default_mapping, own->root()));
    state.overridden = true;
  } else {
    state.text = object.default_mapping.dump();
  }
  DOVETAIL_TRY(const auto document, json::Document::parse(state.text));
  auto parsed = Mapping::parse(document.root());
  if (!parsed.ok()) {
    return parsed.error().in(fmt::format("The mapping of \"{}\"", object.key));
  }
  state.valid = std::move(*parsed);

  std::set<std::string> lost;
  if (change) {
    state.other_version = change->mapping_schema_version != object.mapping_schema_version;
    state.other_signature = change->field_signature_hash != object.field_signature_hash;
    if (state.other_version) {
      state.reasons.push_back(
          fmt::format("the override of \"{}\" was made for version {} of the mapping, the provider's is {}", object.key,
                      change->mapping_schema_version, object.mapping_schema_version));
    }
    if (state.other_signature) {
      state.reasons.push_back(
          fmt::format("the provider's fields of \"{}\" are not those that the override was made for", object.key));
    }
    if (state.stale()) {
      judge_override(object, own->root(), current, state, lost);
    }
  }
  if (accepted && current) {
    judge_account(*accepted, *current, state, lost);
  }
  leave_out(object, lost, state);
  if (current && !state.stale() && (!accepted || to_json(*accepted) != to_json(*current))) {
    state.to_accept = current;
  }
  return state;
}

Status check_override(const manifest::Object& object, const model::Model& model, const json::Value& change,
                      const std::optional<AccountFields>& current) {
  DOVETAIL_TRY(const std::string text, mapping::apply_override(object.default_mapping, change));
  for (const auto& [name, value] : change["fields"].members()) {
    if (model.find(name) == nullptr) {
      return invalid_argument(
          fmt::format("\"/fields/{}\": the model \"{}\" has no field \"{}\". `dovetail records` lists "
                      "the models and their fields.",
                      json::escape_step(name), model.name, name));
    }
    if (value.is_null() && matches_by(object, name)) {
      return invalid_argument(
          fmt::format("\"/fields/{}\": cannot be left out: the manifest's \"matchBy\" matches records "
                      "to rows by it. Give it another source.",
                      json::escape_step(name)));
    }
  }
  DOVETAIL_TRY(const auto document, json::Document::parse(text));
  DOVETAIL_TRY(const Mapping whole, Mapping::parse(document.root()));
  DOVETAIL_TRY_STATUS(compile_singly(whole, model));
  for (const Reader& reader : readers_of(whole)) {
    const json::Value own = change.at(reader.pointer);
    if (!own.exists() || own.is_null()) {
      continue;
    }
    for (const SourcePlace& place : reader.places) {
      if (!is_known(object, current, place)) {
        return invalid_argument(
            fmt::format("\"{}\": reads {}, which is none of the fields of \"{}\". `dovetail mapping "
                        "defaults` lists them.",
                        reader.pointer, place.text(), object.key));
      }
    }
  }
  return {};
}

} // namespace dovetail::sync
