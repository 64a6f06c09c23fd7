// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "core/json/pointer.hpp"
#include "core/mapping/convert.hpp"
#include "core/mapping/hash.hpp"
#include "core/mapping/program.hpp"

namespace dovetail::mapping {
namespace {

// Raised when the same mapping begins to give other rows, so that the rows are written anew.
constexpr std::string_view semantics_version = "1";
constexpr std::size_t max_nodes = 16'384;

/// A node while the trie grows.
struct DraftNode {
  std::map<std::string, std::uint16_t> members;
  std::map<std::uint32_t, std::uint16_t> elements;
  struct Group {
    std::uint16_t where_slot = none;
    std::map<std::string, std::uint16_t> cases; // text -> root
  };
  std::map<std::string, Group> groups; // by the pointer that is compared
  std::uint16_t where_root = none;
  std::uint16_t scalar_slot = none;
  std::uint16_t json_slot = none;
  std::uint16_t embedded = none;
};

class Compiler {
public:
  Compiler(const Mapping& mapping, const model::Model& model)
      : mapping_(mapping), model_(model), program_(std::make_unique<Program>()) {}

  Result<std::unique_ptr<const Program>> run() {
    DOVETAIL_TRY_STATUS(check_model());
    program_->slot_count = 0;
    drafts_.emplace_back(); // the record
    std::vector<const FieldMapping*> fields;
    fields.reserve(mapping_.fields.size());
    for (const FieldMapping& field : mapping_.fields) {
      fields.push_back(&field);
    }
    std::sort(fields.begin(), fields.end(),
              [this](const auto* a, const auto* b) { return index_of(a->field) < index_of(b->field); });
    for (const FieldMapping* field : fields) {
      const auto index = index_of(field->field);
      DOVETAIL_TRY(auto target, make_target(*field, model_.fields[*index].type, "field \"" + field->field + "\""));
      target.secret = model_.fields[*index].pii;
      program_->targets.push_back(std::move(target));
      program_->columns.push_back(static_cast<std::uint16_t>(*index));
    }
    DOVETAIL_TRY_STATUS(add_specials());
    number_constants();
    DOVETAIL_TRY_STATUS(emit_nodes());
    list_documents();
    program_->source_paths.assign(paths_.begin(), paths_.end());
    program_->signature = hash_text(canonical_);
    return std::unique_ptr<const Program>(std::move(program_));
  }

private:
  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view field) const {
    for (std::size_t i = 0; i < model_.fields.size(); ++i) {
      if (model_.fields[i].name == field) {
        return i;
      }
    }
    return std::nullopt;
  }

  Status check_model() {
    if (mapping_.model != model_.name) {
      return invalid_argument(fmt::format("the mapping is for the model \"{}\", not for \"{}\": correct its \"model\"",
                                          mapping_.model, model_.name));
    }
    if (mapping_.fields.size() > max_fields) {
      return invalid_argument(fmt::format("the mapping of \"{}\" has {} fields, at most {} are allowed", model_.name,
                                          mapping_.fields.size(), max_fields));
    }
    std::set<std::string_view> seen;
    for (const FieldMapping& field : mapping_.fields) {
      if (!index_of(field.field)) {
        return invalid_argument(unknown_field(field.field));
      }
      if (!seen.insert(field.field).second) {
        return invalid_argument(fmt::format("field \"{}\" is mapped twice: keep one of them", field.field));
      }
    }
    canonical_ = fmt::format("{}\n{}\n", semantics_version, model_.name);
    return {};
  }

  [[nodiscard]] std::string unknown_field(std::string_view name) const {
    for (const model::DerivedField& derived : model_.derived) {
      if (derived.field.name == name) {
        return fmt::format("field \"{}\" of model \"{}\" is computed by the store and cannot be mapped: remove it",
                           name, model_.name);
      }
    }
    std::string names;
    for (const model::Field& field : model_.fields) {
      names += names.empty() ? "" : ", ";
      names += field.name;
    }
    return fmt::format("model \"{}\" has no field \"{}\": use one of {}", model_.name, name, names);
  }

  /// Keeps `text` for the program's life, with 8 readable bytes or more.
  std::string_view keep(std::string_view text) {
    auto kept = std::make_unique<std::string>(text);
    kept->append(8, '\0');
    program_->texts.push_back(std::move(kept));
    return std::string_view(*program_->texts.back()).substr(0, text.size());
  }

  RawValue keep(const Scalar& scalar) { return to_raw(scalar.kind, keep(scalar.text)); }

  std::uint16_t new_slot() { return program_->slot_count++; }

  std::uint16_t new_node() {
    drafts_.emplace_back();
    return static_cast<std::uint16_t>(drafts_.size() - 1);
  }

  Result<std::uint16_t> descend(std::uint16_t node, std::string_view pointer) {
    DOVETAIL_TRY(const auto steps, json::split_pointer(pointer));
    if (steps.size() > max_pointer_depth || pointer.size() > max_pointer_bytes) {
      return invalid_argument(fmt::format("the pointer \"{}\" is too long: at most {} bytes and {} steps",
                                          pointer.substr(0, 100), max_pointer_bytes, max_pointer_depth));
    }
    for (const std::string& step : steps) {
      if (drafts_.size() >= max_nodes) {
        return invalid_argument("the mapping asks for too many places: map fewer fields");
      }
      std::uint16_t next = none;
      if (const auto found = drafts_[node].members.find(step); found != drafts_[node].members.end()) {
        next = found->second;
      } else {
        next = new_node();
        drafts_[node].members.emplace(step, next);
        // A number names an array's element, or a member of that name: what stands there decides.
        if (const auto index = json::step_index(step); index && *index < limits::max_page_bytes) {
          drafts_[node].elements.emplace(static_cast<std::uint32_t>(*index), next);
        }
      }
      node = next;
    }
    return node;
  }

  std::uint16_t slot_at(std::uint16_t node, bool as_json) {
    std::uint16_t& slot = as_json ? drafts_[node].json_slot : drafts_[node].scalar_slot;
    if (slot == none) {
      slot = new_slot();
    }
    return slot;
  }

  Result<std::uint16_t> slot_below(std::uint16_t node, std::string_view pointer,
                                   const std::optional<std::string>& embedded, bool as_json) {
    DOVETAIL_TRY(auto at, descend(node, pointer));
    if (embedded) {
      if (drafts_[at].embedded == none) {
        const std::uint16_t root = new_node();
        drafts_[at].embedded = root;
      }
      DOVETAIL_TRY(at, descend(drafts_[at].embedded, *embedded));
    }
    return slot_at(at, as_json);
  }

  Result<std::uint16_t> slot_of_find(const Expression& find, bool as_json) {
    DOVETAIL_TRY(const auto array, descend(0, find.pointer));
    if (drafts_[array].where_root == none) {
      const std::uint16_t root = new_node();
      drafts_[array].where_root = root;
    }
    DraftNode::Group& known = drafts_[array].groups[find.where];
    if (known.where_slot == none) {
      DOVETAIL_TRY(const auto slot, slot_below(drafts_[array].where_root, find.where, std::nullopt, false));
      drafts_[array].groups[find.where].where_slot = slot; // drafts_ may have moved
    }
    std::uint16_t root = none;
    auto& cases = drafts_[array].groups[find.where].cases;
    if (const auto found = cases.find(find.equals); found != cases.end()) {
      root = found->second;
    } else {
      root = static_cast<std::uint16_t>(drafts_.size());
      cases.emplace(find.equals, root);
      new_node();
    }
    return slot_below(root, find.take, find.embedded, as_json);
  }

  Result<Source> make_source(const Expression& expression, bool as_json, std::size_t depth = 0) {
    if (depth > max_expression_depth) {
      return invalid_argument(fmt::format("concat and firstOf are nested more than {} deep", max_expression_depth));
    }
    Source source;
    source.kind = expression.kind;
    switch (expression.kind) {
    case Expression::Kind::pointer: {
      paths_.insert(expression.pointer);
      DOVETAIL_TRY(source.slot, slot_below(0, expression.pointer, expression.embedded, as_json));
      break;
    }
    case Expression::Kind::find: {
      paths_.insert(expression.pointer);
      DOVETAIL_TRY(source.slot, slot_of_find(expression, as_json));
      break;
    }
    case Expression::Kind::page_constant:
      source.slot = page_constant(expression.name);
      break;
    case Expression::Kind::literal:
      source.literal = keep(expression.literal);
      break;
    case Expression::Kind::concat:
      if (as_json) {
        return invalid_argument("a json column cannot be concatenated: map a text column, or one pointer");
      }
      [[fallthrough]];
    case Expression::Kind::first_of: {
      DOVETAIL_TRY(source, make_parts(expression, as_json, depth));
      break;
    }
    }
    return source;
  }

  Result<Source> make_parts(const Expression& expression, bool as_json, std::size_t depth) {
    if (expression.parts.empty() || expression.parts.size() > max_parts) {
      return invalid_argument(
          fmt::format("concat and firstOf take 1 to {} parts, not {}", max_parts, expression.parts.size()));
    }
    std::vector<Source> parts;
    for (const Expression& part : expression.parts) {
      DOVETAIL_TRY(auto made, make_source(part, as_json, depth + 1));
      parts.push_back(made);
    }
    Source source;
    source.kind = expression.kind;
    source.parts = static_cast<std::uint16_t>(program_->sources.size());
    source.part_count = static_cast<std::uint16_t>(parts.size());
    program_->sources.insert(program_->sources.end(), parts.begin(), parts.end());
    if (program_->sources.size() > max_nodes) {
      return invalid_argument("the mapping has too many parts of concat and firstOf");
    }
    return source;
  }

  std::uint16_t page_constant(const std::string& name) {
    for (PageConstantSlot& constant : program_->page_constants) {
      if (constant.name == name) {
        return constant.slot;
      }
    }
    // Numbered from the top until the record's own slots are known; see number_constants.
    const auto slot = static_cast<std::uint16_t>(none - 1 - program_->page_constants.size());
    program_->page_constants.push_back({name, slot});
    return slot;
  }

  Result<Cell> fixed_cell(const Scalar& scalar, model::FieldType type, TimeFormat format, std::string_view what) {
    TextArena scratch;
    const Converted converted = convert(keep(scalar), type, format, scratch);
    if (!converted.problem.empty()) {
      return invalid_argument(fmt::format("{} \"{}\" does not fit the column's type {}: {}", what, scalar.text,
                                          type_name(type), converted.problem));
    }
    if (converted.cell.kind() == Cell::Kind::json) { // may lie in the scratch arena
      return Cell::json(keep(converted.cell.as_text()));
    }
    return converted.cell;
  }

  static std::string_view type_name(model::FieldType type) {
    constexpr std::array<std::string_view, 7> names{"text", "integer", "real", "boolean", "timestamp", "date", "json"};
    return names.at(static_cast<std::size_t>(type));
  }

  Result<Target> make_target(const FieldMapping& field, model::FieldType type, const std::string& what) {
    auto made = make_target_unnamed(field, type);
    if (!made.ok()) {
      return std::move(made).error().in(what);
    }
    return made;
  }

  Result<Target> make_target_unnamed(const FieldMapping& field, model::FieldType type) {
    Target target;
    target.name = field.field;
    target.type = type;
    target.format = field.format;
    if (field.format != TimeFormat::iso8601 && type != model::FieldType::timestamp) {
      return invalid_argument(
          fmt::format("\"format\" is for timestamps, the column is of type {}: remove it", type_name(type)));
    }
    const bool mapped = !field.enum_entries.empty();
    if (field.enum_default && !mapped) {
      return invalid_argument("\"default\" needs an \"enum\": it stands for the texts that the enum lacks");
    }
    if (field.enum_entries.size() > max_enum_entries) {
      return invalid_argument(
          fmt::format("the enum has {} entries, at most {} are allowed", field.enum_entries.size(), max_enum_entries));
    }
    DOVETAIL_TRY(target.source, make_source(field.from, type == model::FieldType::json && !mapped));
    target.has_enum = mapped;
    target.keep_unknown = field.keep_unknown;
    for (const auto& [text, value] : field.enum_entries) {
      DOVETAIL_TRY(auto cell, fixed_cell(value, type, field.format, "the enum's value"));
      target.enum_entries.emplace_back(text, cell);
    }
    std::sort(target.enum_entries.begin(), target.enum_entries.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    const auto same = std::adjacent_find(target.enum_entries.begin(), target.enum_entries.end(),
                                         [](const auto& a, const auto& b) { return a.first == b.first; });
    if (same != target.enum_entries.end()) {
      return invalid_argument(fmt::format("the enum lists \"{}\" twice", same->first));
    }
    if (field.enum_default) {
      DOVETAIL_TRY(target.fixed, fixed_cell(*field.enum_default, type, field.format, "the enum's default"));
      target.has_default = true;
    }
    if (!mapped && field.from.kind == Expression::Kind::literal) {
      DOVETAIL_TRY(target.fixed, fixed_cell(field.from.literal, type, field.format, "the constant"));
      target.constant = true;
    }
    describe(field, type);
    return target;
  }

  Status add_specials() {
    auto id = make_source(mapping_.external_id, false);
    if (!id.ok()) {
      return std::move(id).error().in("\"externalId\"");
    }
    program_->external_id = *id;
    canonical_ += "externalId=";
    describe(mapping_.external_id);
    canonical_ += '\n';
    if (mapping_.source_updated_at) {
      DOVETAIL_TRY(program_->source_updated_at,
                   make_target(*mapping_.source_updated_at, model::FieldType::timestamp, "\"sourceUpdatedAt\""));
      program_->source_updated_at.name = "sourceUpdatedAt";
      program_->has_source_updated_at = true;
    }
    if (mapping_.inactive_when) {
      DOVETAIL_TRY(program_->inactive, make_condition(*mapping_.inactive_when, "inactiveWhen", "inactive"));
    }
    if (mapping_.gone_when) {
      DOVETAIL_TRY(program_->gone, make_condition(*mapping_.gone_when, "goneWhen", "gone"));
    }
    for (const RecordRule& rule : mapping_.child_when) {
      DOVETAIL_TRY(auto condition, make_condition(rule, "hierarchy", "child"));
      program_->children.push_back(std::move(condition));
    }
    return {};
  }

  Result<Condition> make_condition(const RecordRule& rule, std::string_view name, std::string_view signature) {
    auto source = make_source(rule.from, false);
    if (!source.ok()) {
      return std::move(source).error().in(fmt::format("\"{}\"", name));
    }
    if (!rule.when_present && rule.equals.empty()) {
      return invalid_argument(fmt::format("\"{}\" needs \"equals\", \"in\" or \"present\"", name));
    }
    canonical_ += fmt::format("{} {}{}=", signature, rule.when_present ? "present" : "equals",
                              rule.empty_is_null ? " or empty" : "");
    describe(rule.from);
    for (const Scalar& scalar : rule.equals) {
      describe(scalar);
    }
    return Condition{std::string(name), *source, rule.equals, rule.when_present, rule.empty_is_null};
  }

  // The signature's text: lengths before contents, so that no two mappings give the same one.
  void describe(std::string_view text) { canonical_ += fmt::format("{}:{} ", text.size(), text); }
  void describe(const Scalar& scalar) {
    canonical_ += fmt::format("s{}", static_cast<int>(scalar.kind));
    describe(scalar.text);
  }
  void describe(const Expression& from) {
    canonical_ += fmt::format("e{}(", static_cast<int>(from.kind));
    for (const std::string& text : {from.pointer, from.name, from.where, from.equals, from.take}) {
      describe(text);
    }
    if (from.embedded) {
      canonical_ += 'd';
      describe(*from.embedded);
    }
    describe(from.literal);
    for (const Expression& part : from.parts) {
      describe(part);
    }
    canonical_ += ')';
  }
  void describe(const FieldMapping& field, model::FieldType type) {
    describe(field.field);
    canonical_ += fmt::format("{}/{}=", type_name(type), static_cast<int>(field.format));
    describe(field.from);
    auto entries = field.enum_entries; // their order means nothing
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [text, value] : entries) {
      describe(text);
      describe(value);
    }
    if (field.enum_default) {
      canonical_ += "default ";
      describe(*field.enum_default);
    }
    canonical_ += field.keep_unknown ? "keep " : "";
    canonical_ += '\n';
  }

  /// Puts the slots of the page's constants behind those of the record.
  void number_constants() {
    program_->record_slots = program_->slot_count;
    const auto renumber = [this](Source& source) {
      if (source.kind == Expression::Kind::page_constant) {
        source.slot = static_cast<std::uint16_t>(program_->record_slots + (none - 1 - source.slot));
      }
    };
    for (Target& target : program_->targets) {
      renumber(target.source);
    }
    for (Source& source : program_->sources) {
      renumber(source);
    }
    renumber(program_->external_id);
    renumber(program_->source_updated_at.source);
    for (std::optional<Condition>* condition : {&program_->inactive, &program_->gone}) {
      if (*condition) {
        renumber((*condition)->source);
      }
    }
    for (Condition& condition : program_->children) {
      renumber(condition.source);
    }
    for (PageConstantSlot& constant : program_->page_constants) {
      constant.slot = static_cast<std::uint16_t>(program_->record_slots + (none - 1 - constant.slot));
    }
    program_->slot_count = static_cast<std::uint16_t>(program_->slot_count + program_->page_constants.size());
  }

  Status emit_nodes() {
    if (drafts_.size() > max_nodes) {
      return invalid_argument("the mapping asks for too many places: map fewer fields");
    }
    for (const DraftNode& draft : drafts_) {
      Node node;
      node.scalar_slot = draft.scalar_slot;
      node.json_slot = draft.json_slot;
      node.embedded = draft.embedded;
      node.where_root = draft.where_root;
      node.member_count = static_cast<std::uint16_t>(draft.members.size());
      if (!draft.members.empty()) {
        emit_keys(draft, node);
      }
      node.elements = static_cast<std::uint32_t>(program_->elements.size());
      node.element_count = static_cast<std::uint16_t>(draft.elements.size());
      for (const auto& [index, child] : draft.elements) {
        program_->elements.push_back({index, child});
      }
      node.finds = static_cast<std::uint16_t>(program_->finds.size());
      node.find_count = static_cast<std::uint16_t>(draft.groups.size());
      for (const auto& [where, group] : draft.groups) {
        Find find;
        find.where_slot = group.where_slot;
        find.cases = static_cast<std::uint16_t>(program_->cases.size());
        find.case_count = static_cast<std::uint16_t>(group.cases.size());
        for (const auto& [text, root] : group.cases) {
          program_->cases.push_back({text, root});
        }
        program_->finds.push_back(find);
      }
      program_->nodes.push_back(node);
    }
    return {};
  }

  void emit_keys(const DraftNode& draft, Node& node) {
    std::uint32_t bits = 2;
    while ((std::size_t{1} << bits) < draft.members.size() * 4) {
      ++bits;
    }
    node.keys = static_cast<std::uint32_t>(program_->keys.size());
    node.key_shift = 64 - bits;
    node.key_mask = (1U << bits) - 1;
    program_->keys.resize(program_->keys.size() + (std::size_t{1} << bits));
    for (const auto& [name, child] : draft.members) {
      const std::string_view kept = keep(name);
      KeyEntry entry;
      entry.bytes = key_bytes(kept.data(), kept.size());
      entry.data = kept.data();
      entry.size = static_cast<std::uint32_t>(kept.size());
      entry.node = child;
      std::uint64_t at = key_hash(entry.bytes, kept.size()) >> node.key_shift;
      while (program_->keys[node.keys + (at & node.key_mask)].node != none) {
        ++at;
      }
      program_->keys[node.keys + (at & node.key_mask)] = entry;
    }
  }

  void list_documents() {
    for (const DraftNode& draft : drafts_) {
      if (draft.embedded != none) {
        std::vector<std::uint16_t> slots;
        collect_slots(draft.embedded, slots);
        program_->documents.emplace_back(draft.embedded, std::move(slots));
      }
    }
  }

  void collect_slots(std::uint16_t index, std::vector<std::uint16_t>& slots) const {
    const DraftNode& node = drafts_[index];
    for (const std::uint16_t slot : {node.scalar_slot, node.json_slot}) {
      if (slot != none) {
        slots.push_back(slot);
      }
    }
    for (const auto& [name, child] : node.members) {
      collect_slots(child, slots);
    }
  }

  const Mapping& mapping_;
  const model::Model& model_;
  std::unique_ptr<Program> program_;
  std::vector<DraftNode> drafts_;
  std::set<std::string> paths_;
  std::string canonical_;
};

} // namespace

const FindCase* Program::find_case(const Find& find, std::string_view text) const noexcept {
  const FindCase* const begin = cases.data() + find.cases;
  const FindCase* const end = begin + find.case_count;
  const FindCase* const found = std::lower_bound(
      begin, end, text, [](const FindCase& one, std::string_view wanted) { return one.equals < wanted; });
  return found != end && found->equals == text ? found : nullptr;
}

CompiledMapping::CompiledMapping(std::unique_ptr<const Program> program) noexcept : program_(std::move(program)) {}
CompiledMapping::CompiledMapping(CompiledMapping&&) noexcept = default;
CompiledMapping& CompiledMapping::operator=(CompiledMapping&&) noexcept = default;
CompiledMapping::~CompiledMapping() = default;

std::span<const std::uint16_t> CompiledMapping::columns() const noexcept { return program_->columns; }
std::uint64_t CompiledMapping::signature() const noexcept { return program_->signature; }
const std::vector<std::string>& CompiledMapping::source_paths() const noexcept { return program_->source_paths; }

Result<CompiledMapping> compile(const Mapping& mapping, const model::Model& model) {
  DOVETAIL_TRY(auto program, Compiler(mapping, model).run());
  return CompiledMapping(std::move(program));
}

} // namespace dovetail::mapping
