// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/generators/pages.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "benchmarks/generators/shapes.hpp"
#include "core/json/document.hpp"
#include "core/json/file.hpp"
#include "core/model/registry.hpp"

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

/// Where a mapping stands that ships.
struct Shipped {
  std::string_view provider;
  std::string_view object;
  std::string_view model;
};
const Shipped* shipped_of(Shape shape) {
  static constexpr Shipped tickets{"monday", "item", "ticket"};
  static constexpr Shipped projects{"bqe", "project", "project"};
  return shape == Shape::monday_default ? &tickets : shape == Shape::bqe_default ? &projects : nullptr;
}

template <typename Never> Never give_up(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(2);
}

json::Document read(const std::filesystem::path& file) {
  const auto text = json::read_file(file);
  auto document = text.ok() ? json::Document::parse(*text) : Result<json::Document>(text.error());
  return document.ok() ? std::move(document).value() : give_up<json::Document>(document.error().message);
}

} // namespace

std::string_view to_string(Shape shape) noexcept {
  constexpr std::array<std::string_view, 5> names{"github", "monday", "bqe", "monday_default", "bqe_default"};
  return names.at(static_cast<std::size_t>(shape));
}

std::string make_page(Shape shape, std::uint64_t seed) {
  switch (shape) {
  case Shape::github_pulls:
    return github_pulls_page(seed);
  case Shape::monday_items:
    return monday_items_page(seed);
  case Shape::monday_default:
    return monday_tickets_page(seed);
  case Shape::bqe_default:
    return bqe_asked_projects_page(seed);
  case Shape::bqe_projects:
    break;
  }
  return bqe_projects_page(seed);
}

std::string_view records_pointer(Shape shape) noexcept {
  return shape == Shape::monday_items || shape == Shape::monday_default ? "/data/boards/0/items_page/items" : "";
}

model::Model make_model(Shape shape, const std::filesystem::path& manifests) {
  if (const Shipped* const shipped = shipped_of(shape)) {
    std::vector<json::Problem> problems;
    auto model =
        model::parse_model(read(manifests / "models" / (std::string(shipped->model) + ".json")).root(), problems);
    return problems.empty() ? model : give_up<model::Model>(problems.front().text());
  }
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
  default:
    break;
  }
  return made;
}

std::string mapping_json(Shape shape, const std::filesystem::path& manifests) {
  if (const Shipped* const shipped = shipped_of(shape)) {
    const auto manifest = read(manifests / (std::string(shipped->provider) + ".json"));
    for (const auto object : manifest.root()["objects"].elements()) {
      if (object["key"].as_string() == shipped->object) {
        return object["defaultMapping"].dump();
      }
    }
    return give_up<std::string>(fmt::format("the manifest of {} has no object {}", shipped->provider, shipped->object));
  }
  return std::string(shape == Shape::github_pulls   ? github_mapping
                     : shape == Shape::monday_items ? monday_mapping
                                                    : bqe_mapping);
}

} // namespace dovetail::generators
