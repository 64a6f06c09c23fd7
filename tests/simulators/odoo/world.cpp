// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/odoo/world.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/base/time.hpp"

namespace dovetail::simulators::odoo {

const std::vector<std::string>& synced_models() {
  static const std::vector<std::string> models{"hr.department", "hr.job",          "hr.employee",
                                               "res.partner",   "project.project", "project.task"};
  return models;
}

std::string odoo_time(Timestamp time, bool microseconds) {
  auto text = format_iso8601(std::chrono::floor<std::chrono::seconds>(time)).substr(0, 19);
  text[10] = ' ';
  if (microseconds) {
    text += fmt::format(".{:06}", (time - std::chrono::floor<std::chrono::seconds>(time)).count());
  }
  return text;
}

Status World::check(const WorldOptions& options) {
  constexpr int most = 1'000'000;
  for (const int count :
       {options.departments, options.jobs, options.employees, options.partners, options.projects, options.tasks}) {
    if (count < 0 || count > most) {
      return invalid_argument(fmt::format("simulator configuration: a count is not within 0 and {}", most));
    }
  }
  if (options.major_version < 14 || options.major_version > 99) {
    return invalid_argument("simulator configuration: major_version is not within 14 and 99");
  }
  if (options.first_partner_id < 1) {
    return invalid_argument("simulator configuration: first_partner_id is not positive");
  }
  return {};
}

const Table* World::table(std::string_view model) const {
  const auto found = tables_.find(model);
  return found == tables_.end() ? nullptr : &found->second;
}

std::vector<std::int64_t> World::ids(std::string_view model) const {
  std::vector<std::int64_t> all;
  for (const auto& [id, record] : table(model)->records) {
    all.push_back(id);
  }
  return all;
}

Value World::stored(const Record& record, std::string_view field) {
  if (field == "id") {
    return record.id;
  }
  if (field == "write_date" || field == "create_date") {
    return odoo_time(field == "write_date" ? record.written : record.created, true);
  }
  const auto found = record.values.find(field);
  return found == record.values.end() ? Value() : found->second;
}

std::string World::display_name(const Table& table, const Record& record) const {
  const auto name = stored(record, "name").text;
  if (table.spec.name == "hr.department") {
    return stored(record, "complete_name").text;
  }
  if (table.spec.name == "res.partner") {
    const auto parent = stored(record, "parent_id");
    const auto above = table.records.find(parent.integer);
    if (parent.truthy() && above != table.records.end()) {
      return stored(above->second, "name").text + ", " + name;
    }
  }
  return name;
}

Value World::shown(const Table& table, const Record& record, const FieldSpec& field) const {
  if (field.name == "display_name") {
    return display_name(table, record);
  }
  auto value = stored(record, field.name);
  if (field.name == "write_date" || field.name == "create_date") {
    value.text.resize(19);
    return value;
  }
  if (value.is(Value::Kind::none)) {
    if (field.type == "integer") {
      return 0;
    }
    if (field.type == "float") {
      return 0.0;
    }
    return field.type == "many2many" ? Value(std::vector<Value>()) : Value();
  }
  if (field.type == "many2one") {
    const auto* const other = this->table(field.relation);
    const auto found = other->records.find(value.integer);
    return found == other->records.end()
               ? Value()
               : Value(std::vector<Value>{value.integer, display_name(*other, found->second)});
  }
  return value;
}

void World::touch_complete_names(std::int64_t department) {
  auto& departments = tables_.at("hr.department").records;
  auto& record = departments.at(department);
  const auto parent = stored(record, "parent_id");
  const auto above = departments.find(parent.integer);
  const bool has_parent = parent.truthy() && above != departments.end();
  const auto name = stored(record, "name").text;
  record.values["complete_name"] = has_parent ? stored(above->second, "complete_name").text + " / " + name : name;
  record.values["parent_path"] =
      (has_parent ? stored(above->second, "parent_path").text : "") + std::to_string(department) + "/";
  record.written = now_;
  for (auto& [id, other] : departments) {
    if (stored(other, "parent_id").integer == department) {
      touch_complete_names(id);
    }
  }
}

std::int64_t World::create(std::string_view model, const Value::Members& values) {
  auto& table = tables_.find(model)->second;
  const auto id = table.next_id++;
  Record record{.id = id, .values = {}, .created = now_, .written = now_};
  if (table.spec.field("active") != nullptr) {
    record.values["active"] = true;
  }
  for (const auto& [name, value] : values) {
    record.values[name] = value;
  }
  table.records.emplace(id, std::move(record));
  if (model == "hr.department") {
    touch_complete_names(id);
  }
  if (model == "hr.employee" && tables_.contains("hr.version")) {
    create("hr.version", {{"employee_id", id}, {"date_version", "2026-01-01"}});
  }
  return id;
}

void World::write(std::string_view model, std::int64_t id, const Value::Members& values) {
  auto& record = tables_.find(model)->second.records.at(id);
  bool moves_path = false;
  for (const auto& [name, value] : values) {
    moves_path = moves_path || name == "name" || name == "parent_id";
    record.values[name] = value;
  }
  record.written = now_;
  if (model == "hr.department" && moves_path) {
    touch_complete_names(id);
  }
}

void World::unlink(std::string_view model, std::int64_t id) {
  tables_.find(model)->second.records.erase(id);
  // As the database's own rules do: what pointed there is empty now, and its stamp does not move.
  for (auto& [name, table] : tables_) {
    for (const auto& field : table.spec.fields) {
      if (field.type != "many2one" || field.relation != model) {
        continue;
      }
      for (auto& [other_id, record] : table.records) {
        const auto found = record.values.find(field.name);
        if (found != record.values.end() && found->second == Value(id)) {
          found->second = Value();
        }
      }
    }
  }
}

} // namespace dovetail::simulators::odoo
