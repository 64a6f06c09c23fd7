// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/odoo/methods.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "tests/simulators/odoo/domain.hpp"

namespace dovetail::simulators::odoo {
namespace {

using Outcome = std::variant<Value, Raised>;

struct Signature {
  std::string_view method;
  bool on_records; ///< the first positional argument, or `ids`
  std::vector<std::string_view> names;
  std::size_t required;
};

const std::vector<Signature>& signatures() {
  static const std::vector<Signature> all{
      {"search_read", false, {"domain", "fields", "offset", "limit", "order"}, 0},
      {"search", false, {"domain", "offset", "limit", "order"}, 1},
      {"search_count", false, {"domain", "limit"}, 1},
      {"fields_get", false, {"allfields", "attributes"}, 0},
      {"create", false, {"vals_list"}, 1},
      {"context_get", false, {}, 0},
      {"read", true, {"fields", "load"}, 0},
      {"write", true, {"vals"}, 1},
      {"unlink", true, {}, 0},
  };
  return all;
}

class Method {
public:
  Method(World& world, const Viewer& viewer, const MethodCall& call, const MethodOptions& options,
         std::int64_t& records)
      : world_(world), viewer_(viewer), call_(call), options_(options), records_(records) {}

  Outcome run() {
    const auto* const table = world_.table(call_.model);
    if (table == nullptr) {
      return Raised{Raised::Class::missing_model, call_.model};
    }
    table_ = table;
    if (call_.method.starts_with('_')) {
      return Raised{
          Raised::Class::access_error,
          fmt::format("Private methods (such as '{}.{}') cannot be called remotely.", call_.model, call_.method)};
    }
    const auto found = std::find_if(signatures().begin(), signatures().end(),
                                    [&](const Signature& signature) { return signature.method == call_.method; });
    if (found == signatures().end() || (call_.method == "context_get" && call_.model != "res.users")) {
      return Raised{Raised::Class::missing_method,
                    fmt::format("The method '{}.{}' does not exist", call_.model, call_.method)};
    }
    if (auto raised = bind(*found)) {
      return *raised;
    }
    return dispatch();
  }

private:
  /// Puts positional and named arguments into args_.
  std::optional<Raised> bind(const Signature& signature) {
    auto names = signature.names;
    if (signature.on_records) {
      names.insert(names.begin(), "ids");
    }
    for (std::size_t i = 0; i < call_.args.size(); ++i) {
      if (i >= names.size()) {
        return Raised{Raised::Class::bad_arguments, "too many positional arguments"};
      }
      args_.emplace_back(names[i], call_.args[i]);
    }
    for (const auto& [name, value] : call_.kwargs) {
      if (name == "context") {
        context_ = value;
      } else if (std::find(names.begin(), names.end(), name) == names.end()) {
        return Raised{Raised::Class::bad_arguments, fmt::format("got an unexpected keyword argument '{}'", name)};
      } else {
        args_.emplace_back(name, value);
      }
    }
    for (std::size_t i = 0; i < signature.required; ++i) {
      if (argument(signature.names[i]) == nullptr) {
        return Raised{Raised::Class::bad_arguments,
                      fmt::format("missing a required argument: '{}'", signature.names[i])};
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] const Value* argument(std::string_view name) const {
    for (const auto& [key, value] : args_) {
      if (key == name) {
        return &value;
      }
    }
    return nullptr;
  }

  Outcome dispatch() {
    if (call_.method == "fields_get") {
      return fields_get();
    }
    if (call_.method == "context_get") {
      return Value(Value::Members{{"lang", "en_US"}, {"tz", "Europe/Brussels"}, {"uid", viewer_.uid}});
    }
    if (!may(table_->spec.right)) {
      return Raised{Raised::Class::access_error, fmt::format("You are not allowed to access '{}' ({}) records.",
                                                             table_->spec.label, table_->spec.name)};
    }
    if (call_.method == "create" || call_.method == "write" || call_.method == "unlink") {
      return change();
    }
    auto found = call_.method == "read" ? named_records() : search();
    if (auto* raised = std::get_if<Raised>(&found)) {
      return std::move(*raised);
    }
    const auto& records = std::get<std::vector<const Record*>>(found);
    records_ += static_cast<std::int64_t>(records.size());
    if (call_.method == "search_count") {
      return Value(static_cast<std::int64_t>(records.size()));
    }
    if (call_.method == "search") {
      std::vector<Value> ids;
      for (const auto* record : records) {
        ids.emplace_back(record->id);
      }
      return Value(std::move(ids));
    }
    if (options_.most_records > 0 && static_cast<std::int64_t>(records.size()) > options_.most_records) {
      return Raised{Raised::Class::memory, ""};
    }
    return read(records);
  }

  [[nodiscard]] bool may(const std::string& right) const { return right.empty() || viewer_.rights.contains(right); }

  Outcome fields_get() const {
    const auto* const wanted = argument("allfields");
    Value::Members fields;
    for (const auto& field : table_->spec.fields) {
      const bool asked =
          wanted == nullptr || wanted->items.empty() ||
          std::find(wanted->items.begin(), wanted->items.end(), Value(field.name)) != wanted->items.end();
      if (!asked || !may(field.right)) {
        continue;
      }
      Value::Members attributes{{"type", field.type}, {"string", field.name}, {"readonly", false}, {"required", false}};
      if (!field.relation.empty()) {
        attributes.emplace_back("relation", field.relation);
      }
      if (const auto* const only = argument("attributes"); only != nullptr && !only->items.empty()) {
        std::erase_if(attributes, [only](const auto& attribute) {
          return std::find(only->items.begin(), only->items.end(), Value(attribute.first)) == only->items.end();
        });
      }
      fields.emplace_back(field.name, std::move(attributes));
    }
    return Value(std::move(fields));
  }

  std::variant<std::vector<const Record*>, Raised> search() const {
    const auto* const domain_value = argument("domain");
    const auto domain =
        Domain::parse(world_, *table_, domain_value == nullptr ? Value(std::vector<Value>()) : *domain_value);
    if (!domain.ok()) {
      return Raised{Raised::Class::value_error, domain.error().message};
    }
    const auto* const order = argument("order");
    const bool by_id = order != nullptr && (order->text == "id" || order->text == "id asc");
    const auto* const active_test = context_.find("active_test");
    const bool hides = table_->spec.field("active") != nullptr && !domain->mentions("active") &&
                       (active_test == nullptr || active_test->truthy());
    std::vector<const Record*> records;
    for (const auto& [id, record] : table_->records) {
      if ((!hides || World::stored(record, "active").truthy()) && domain->matches(record)) {
        records.push_back(&record);
      }
    }
    if (!by_id) {
      // The model's own order, which ties leave to chance: whoever pages by it without the id loses rows.
      std::stable_sort(records.begin(), records.end(), [](const Record* left, const Record* right) {
        return World::stored(*left, "name").text < World::stored(*right, "name").text;
      });
    }
    const auto number = [this](std::string_view name) {
      const auto* const value = argument(name);
      return value == nullptr ? std::int64_t{0} : value->integer;
    };
    const auto offset = static_cast<std::size_t>(
        std::clamp<std::int64_t>(number("offset"), 0, static_cast<std::int64_t>(records.size())));
    records.erase(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(offset));
    if (const auto limit = number("limit"); limit > 0 && static_cast<std::size_t>(limit) < records.size()) {
      records.resize(static_cast<std::size_t>(limit));
    }
    return records;
  }

  std::variant<std::vector<const Record*>, Raised> named_records() const {
    std::vector<const Record*> records;
    const auto* const ids = argument("ids");
    for (const auto& id : ids == nullptr ? std::vector<Value>() : ids->items) {
      const auto found = table_->records.find(id.integer);
      if (found == table_->records.end()) {
        return Raised{Raised::Class::user_error, "Record does not exist or has been deleted."};
      }
      records.push_back(&found->second);
    }
    return records;
  }

  Outcome read(const std::vector<const Record*>& records) const {
    std::vector<const FieldSpec*> fields;
    const auto* const wanted = argument("fields");
    if (wanted == nullptr || wanted->items.empty()) {
      for (const auto& field : table_->spec.fields) {
        fields.push_back(&field);
      }
    } else {
      fields.push_back(table_->spec.field("id"));
      for (const auto& name : wanted->items) {
        const auto* const field = table_->spec.field(name.text);
        if (field == nullptr) {
          return Raised{Raised::Class::value_error,
                        fmt::format("Invalid field '{}' on '{}'", name.text, table_->spec.name)};
        }
        if (field->name != "id") {
          fields.push_back(field);
        }
      }
    }
    for (const auto* field : fields) {
      if (!may(field->right)) {
        return Raised{
            Raised::Class::access_error,
            fmt::format("You do not have enough rights to access the field \"{}\" on {} ({}). Please contact your "
                        "system administrator.\n\nOperation: read\nUser: {}",
                        field->name, table_->spec.label, table_->spec.name, viewer_.uid)};
      }
    }
    std::vector<Value> rows;
    rows.reserve(records.size());
    for (const auto* record : records) {
      Value::Members row;
      for (const auto* field : fields) {
        row.emplace_back(field->name, world_.shown(*table_, *record, *field));
      }
      rows.emplace_back(std::move(row));
    }
    return Value(std::move(rows));
  }

  Outcome change() {
    if (call_.method == "create") {
      const auto& given = *argument("vals_list");
      if (given.is(Value::Kind::structure)) {
        return Value(world_.create(call_.model, given.members));
      }
      std::vector<Value> ids;
      for (const auto& values : given.items) {
        ids.emplace_back(world_.create(call_.model, values.members));
      }
      return Value(std::move(ids));
    }
    auto found = named_records();
    if (auto* raised = std::get_if<Raised>(&found)) {
      return std::move(*raised);
    }
    for (const auto& id : argument("ids")->items) {
      if (call_.method == "write") {
        world_.write(call_.model, id.integer, argument("vals")->members);
      } else {
        world_.unlink(call_.model, id.integer);
      }
    }
    return Value(true);
  }

  World& world_;
  const Viewer& viewer_;
  const MethodCall& call_;
  const MethodOptions& options_;
  std::int64_t& records_;
  const Table* table_ = nullptr;
  Value::Members args_;
  Value context_;
};

} // namespace

std::variant<Value, Raised> call_method(World& world, const Viewer& viewer, const MethodCall& call,
                                        const MethodOptions& options, std::int64_t& records) {
  return Method(world, viewer, call, options, records).run();
}

} // namespace dovetail::simulators::odoo
