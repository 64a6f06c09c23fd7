// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/generators/pages.hpp"

#include "benchmarks/generators/shapes.hpp"

namespace dovetail::generators {
namespace {

using model::FieldType;

constexpr std::string_view github_mapping = R"({
  "model": "bench", "externalId": "/id", "sourceUpdatedAt": "/updated_at",
  "fields": {
    "number": "/number",
    "title": "/title",
    "state": {"from": "/state", "enum": {"open": "open", "closed": "closed"}, "default": "unknown"},
    "author_id": "/user/id",
    "author": "/user/login",
    "head_ref": "/head/ref",
    "base_ref": "/base/ref",
    "draft": "/draft",
    "created_at": "/created_at",
    "closed_at": "/closed_at",
    "merged_at": "/merged_at",
    "merge_commit_sha": "/merge_commit_sha"
  }})";

constexpr std::string_view monday_mapping = R"({
  "model": "bench", "externalId": "/id", "sourceUpdatedAt": "/updated_at",
  "inactiveWhen": {"from": "/state", "in": ["archived", "deleted"]},
  "fields": {
    "name": "/name",
    "board_group": "/group/title",
    "created_at": "/created_at",
    "creator_id": "/creator_id",
    "status": {"find": {"in": "/column_values", "where": "/id", "equals": "status"}, "take": "/text"},
    "status_index": {"find": {"in": "/column_values", "where": "/id", "equals": "status"}, "take": "/value", "embedded": "/index"},
    "priority": {"find": {"in": "/column_values", "where": "/id", "equals": "priority"}, "take": "/label"},
    "due": {"find": {"in": "/column_values", "where": "/id", "equals": "date4"}, "take": "/value", "embedded": "/date"},
    "owner": {"find": {"in": "/column_values", "where": "/id", "equals": "person"}, "take": "/text"},
    "owner_id": {"find": {"in": "/column_values", "where": "/id", "equals": "person"}, "take": "/persons_and_teams/0/id"},
    "amount": {"find": {"in": "/column_values", "where": "/id", "equals": "numbers"}, "take": "/text"},
    "description": {"find": {"in": "/column_values", "where": "/id", "equals": "long_text"}, "take": "/text"}
  }})";

constexpr std::string_view bqe_mapping = R"({
  "model": "bench", "externalId": "/id", "sourceUpdatedAt": "/lastUpdated",
  "fields": {
    "code": "/code",
    "name": "/name",
    "parent_id": "/parentId",
    "level": "/level",
    "status": {"from": "/status", "enum": {"0": "active", "1": "inactive", "2": "completed"}, "default": "other"},
    "client_id": "/clientId",
    "client": "/client",
    "manager_id": "/managerId",
    "starts_on": "/startDate",
    "due_on": "/dueDate",
    "contract_amount": "/contractAmount",
    "version": "/version"
  }})";

} // namespace

std::string_view to_string(Shape shape) noexcept {
  constexpr std::array<std::string_view, 3> names{"github", "monday", "bqe"};
  return names.at(static_cast<std::size_t>(shape));
}

std::string make_page(Shape shape, std::uint64_t seed) {
  switch (shape) {
  case Shape::github_pulls:
    return github_pulls_page(seed);
  case Shape::monday_items:
    return monday_items_page(seed);
  case Shape::bqe_projects:
    break;
  }
  return bqe_projects_page(seed);
}

std::string_view records_pointer(Shape shape) noexcept {
  return shape == Shape::monday_items ? "/data/boards/0/items_page/items" : "";
}

model::Model make_model(Shape shape) {
  model::Model made;
  made.name = "bench";
  const auto add = [&made](std::string name, FieldType type) {
    made.fields.push_back({std::move(name), type, "", false});
  };
  switch (shape) {
  case Shape::github_pulls:
    add("number", FieldType::integer);
    add("title", FieldType::text);
    add("state", FieldType::text);
    add("author_id", FieldType::integer);
    add("author", FieldType::text);
    add("head_ref", FieldType::text);
    add("base_ref", FieldType::text);
    add("draft", FieldType::boolean);
    add("created_at", FieldType::timestamp);
    add("closed_at", FieldType::timestamp);
    add("merged_at", FieldType::timestamp);
    add("merge_commit_sha", FieldType::text);
    break;
  case Shape::monday_items:
    add("name", FieldType::text);
    add("board_group", FieldType::text);
    add("created_at", FieldType::timestamp);
    add("creator_id", FieldType::integer);
    add("status", FieldType::text);
    add("status_index", FieldType::integer);
    add("priority", FieldType::text);
    add("due", FieldType::date);
    add("owner", FieldType::text);
    add("owner_id", FieldType::integer);
    add("amount", FieldType::real);
    add("description", FieldType::text);
    break;
  case Shape::bqe_projects:
    add("code", FieldType::text);
    add("name", FieldType::text);
    add("parent_id", FieldType::text);
    add("level", FieldType::integer);
    add("status", FieldType::text);
    add("client_id", FieldType::text);
    add("client", FieldType::text);
    add("manager_id", FieldType::text);
    add("starts_on", FieldType::timestamp);
    add("due_on", FieldType::timestamp);
    add("contract_amount", FieldType::real);
    add("version", FieldType::integer);
    break;
  }
  return made;
}

std::string_view mapping_json(Shape shape) noexcept {
  switch (shape) {
  case Shape::github_pulls:
    return github_mapping;
  case Shape::monday_items:
    return monday_mapping;
  case Shape::bqe_projects:
    break;
  }
  return bqe_mapping;
}

} // namespace dovetail::generators
