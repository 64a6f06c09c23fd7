// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/bqe/records.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::simulators::bqe {
namespace {

const std::vector<std::string_view> project_fields{"id",
                                                   "code",
                                                   "name",
                                                   "displayName",
                                                   "parentId",
                                                   "parent",
                                                   "rootProjectId",
                                                   "rootProject",
                                                   "level",
                                                   "hasChild",
                                                   "phaseName",
                                                   "phaseDescription",
                                                   "phaseOrder",
                                                   "type",
                                                   "status",
                                                   "contractType",
                                                   "clientId",
                                                   "client",
                                                   "managerId",
                                                   "manager",
                                                   "principalId",
                                                   "principal",
                                                   "originatorId",
                                                   "originator",
                                                   "startDate",
                                                   "dueDate",
                                                   "percentComplete",
                                                   "contractAmount",
                                                   "fixedFee",
                                                   "feeScheduleId",
                                                   "feeScheduleName",
                                                   "currencyMultiplierId",
                                                   "currencyName",
                                                   "classId",
                                                   "class",
                                                   "purchaseOrderNumber",
                                                   "memo",
                                                   "customFields",
                                                   "address",
                                                   "createdOn",
                                                   "createdById",
                                                   "lastUpdated",
                                                   "lastUpdatedById",
                                                   "version",
                                                   "objectState",
                                                   "token"};
const std::vector<std::string_view> client_fields{"id",           "name",
                                                  "company",      "firstName",
                                                  "lastName",     "middleInitial",
                                                  "status",       "manager",
                                                  "managerId",    "address",
                                                  "memo",         "clientSince",
                                                  "taxId",        "termId",
                                                  "term",         "currencyMultiplierId",
                                                  "currencyName", "customFields",
                                                  "createdOn",    "createdById",
                                                  "lastUpdated",  "lastUpdatedById",
                                                  "version",      "objectState",
                                                  "token"};
const std::vector<std::string_view> employee_fields{
    "id",           "displayName", "firstName",       "lastName",    "middleInitial",   "title",
    "department",   "role",        "status",          "managerId",   "manager",         "dateHired",
    "dateReleased", "company",     "address",         "memo",        "billRate",        "costRate",
    "ssn",          "salary",      "salaryPayPeriod", "bankRouting", "bankAccount",     "autoDeposit",
    "customFields", "createdOn",   "createdById",     "lastUpdated", "lastUpdatedById", "version",
    "objectState",  "token"};
const std::vector<std::string_view> deletion_names{"id", "entityId", "entityType", "deletedOn", "deletedById"};

Value text(std::string_view content) { return {Value::Kind::text, 0, std::string(content)}; }
Value number(double content) { return {Value::Kind::number, content, {}}; }
Value boolean(bool content) { return {Value::Kind::boolean, content ? 1.0 : 0.0, {}}; }
Value choice(int content) { return {Value::Kind::number, static_cast<double>(content), {}, true}; }
Value instant(sys_seconds time) {
  return {Value::Kind::instant, static_cast<double>(time.time_since_epoch().count()), {}};
}
Value instant_or_null(const std::optional<sys_seconds>& time) { return time ? instant(*time) : Value(); }
Value json(std::string content) { return {Value::Kind::json, 0, std::move(content)}; }

Value audit_value(const Audit& audit, std::string_view field) {
  if (field == "id") {
    return text(audit.id);
  }
  if (field == "createdOn") {
    return instant(audit.created);
  }
  if (field == "lastUpdated") {
    return instant(audit.updated);
  }
  if (field == "version") {
    return number(audit.version);
  }
  if (field == "objectState") {
    return number(0);
  }
  if (field == "token") {
    return text("record-token-" + audit.id);
  }
  return {};
}

Value project_value(const World& world, const Project& one, std::string_view field) {
  const Client& client = world.clients()[one.client];
  const Employee& manager = world.employees()[one.manager];
  if (field == "code") {
    return text(one.code);
  }
  if (field == "name") {
    return text(one.name);
  }
  if (field == "displayName") {
    return text(one.code + ": " + one.name);
  }
  if (field == "parentId") {
    return one.parent_id.empty() ? Value() : text(one.parent_id);
  }
  if (field == "rootProjectId") {
    return text(one.root_id);
  }
  if (field == "level") {
    return number(one.level);
  }
  if (field == "hasChild") {
    return boolean(one.has_child);
  }
  if (field == "type" || field == "contractType") {
    return choice(0);
  }
  if (field == "status") {
    return choice(one.status);
  }
  if (field == "clientId") {
    return text(client.audit.id);
  }
  if (field == "client") {
    JsonText object;
    object.begin_object().member("id", client.audit.id).member("name", client.name).end_object();
    Value value = text(client.name);
    value.object = object.take();
    return value;
  }
  if (field == "managerId") {
    return text(manager.audit.id);
  }
  if (field == "manager") {
    return text(manager.first_name + " " + manager.last_name);
  }
  if (field == "startDate") {
    return instant_or_null(one.start);
  }
  if (field == "dueDate") {
    return instant_or_null(one.due);
  }
  if (field == "percentComplete") {
    return number(one.percent_complete);
  }
  if (field == "contractAmount") {
    return number(static_cast<double>(one.contract_cents) / 100);
  }
  if (field == "currencyName") {
    return text("USD");
  }
  if (field == "customFields") {
    return json("[]");
  }
  return audit_value(one.audit, field);
}

Value client_value(const World& world, const Client& one, std::string_view field) {
  if (field == "name" || field == "company") {
    return text(one.name);
  }
  if (field == "firstName") {
    return text(one.first_name);
  }
  if (field == "lastName") {
    return text(one.last_name);
  }
  if (field == "status") {
    return choice(one.status);
  }
  if (field == "managerId") {
    return text(world.employees()[one.manager].audit.id);
  }
  if (field == "address") {
    JsonText address;
    address.begin_array().begin_object().member("city", one.city).end_object().end_array();
    return json(address.take());
  }
  if (field == "clientSince") {
    return instant(std::chrono::floor<std::chrono::days>(one.audit.created));
  }
  if (field == "customFields") {
    return json("[]");
  }
  return audit_value(one.audit, field);
}

Value employee_value(const Employee& one, std::string_view field) {
  if (field == "displayName") {
    return text(one.first_name + " " + one.last_name);
  }
  if (field == "firstName") {
    return text(one.first_name);
  }
  if (field == "lastName") {
    return text(one.last_name);
  }
  if (field == "title") {
    return text(one.title);
  }
  if (field == "department") {
    return text(one.department);
  }
  if (field == "status") {
    return choice(one.status);
  }
  if (field == "dateHired") {
    return instant(one.hired);
  }
  if (field == "ssn" || field == "bankAccount" || field == "bankRouting") {
    return text("canary-" + std::string(field) + "-" + one.audit.id);
  }
  if (field == "salary" || field == "billRate" || field == "costRate") {
    return number(4711);
  }
  if (field == "customFields") {
    return json("[]");
  }
  return audit_value(one.audit, field);
}

} // namespace

const std::vector<std::string_view>& fields_of(Entity entity) {
  return entity == Entity::project ? project_fields : entity == Entity::client ? client_fields : employee_fields;
}

std::string_view find_field(Entity entity, std::string_view name) {
  const auto& names = fields_of(entity);
  const auto found =
      std::find_if(names.begin(), names.end(), [name](std::string_view one) { return equal_ignoring_case(one, name); });
  return found == names.end() ? std::string_view() : *found;
}

Value value_of(const World& world, Entity entity, std::size_t place, std::string_view field) {
  switch (entity) {
  case Entity::project:
    return project_value(world, world.projects()[place], field);
  case Entity::client:
    return client_value(world, world.clients()[place], field);
  case Entity::employee:
    break;
  }
  return employee_value(world.employees()[place], field);
}

const std::vector<std::string_view>& deletion_fields() { return deletion_names; }

Value value_of(const Deletion& deletion, std::string_view field) {
  if (field == "id") {
    return text(deletion.id);
  }
  if (field == "entityId") {
    return text(deletion.entity_id);
  }
  if (field == "entityType") {
    return text(type_of(deletion.entity));
  }
  return field == "deletedOn" ? instant(deletion.deleted_on) : Value();
}

std::string naive_instant(sys_seconds time) {
  const std::string iso = format_iso8601(Timestamp(time));
  return iso.substr(0, 19);
}

void write_value(JsonText& out, const Value& value, const ShapeOptions& shape) {
  switch (value.kind) {
  case Value::Kind::null:
    out.null();
    break;
  case Value::Kind::boolean:
    out.value(value.number != 0);
    break;
  case Value::Kind::number:
    if (value.is_enum && shape.enums_as_text) {
      out.value(fmt::format("{}", value.number));
    } else {
      out.raw(fmt::format("{}", value.number));
    }
    break;
  case Value::Kind::text:
    shape.client_as_object && !value.object.empty() ? out.raw(value.object) : out.value(value.text);
    break;
  case Value::Kind::instant:
    out.value(naive_instant(sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(value.number)))) +
              (shape.fractions ? ".250" : "") + (shape.zulu ? "Z" : ""));
    break;
  case Value::Kind::json:
    out.raw(value.text);
    break;
  }
}

} // namespace dovetail::simulators::bqe
