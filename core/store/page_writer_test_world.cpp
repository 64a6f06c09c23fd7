// SPDX-License-Identifier: Apache-2.0
#include "core/store/page_writer_test_world.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/time.hpp"

namespace dovetail::store::testing_world {
namespace {

using model::Condition;
using model::DerivedField;

DerivedField seconds_between(std::string name, std::string from, std::string to) {
  DerivedField derived;
  derived.field = {std::move(name), FieldType::integer, "", false};
  derived.kind = DerivedField::Kind::seconds_between;
  derived.from = std::move(from);
  derived.to = std::move(to);
  return derived;
}

std::uint64_t content_hash(const Record& record) {
  std::string text = record.inactive ? "inactive" : "active";
  if (record.source_updated_at) {
    text += std::to_string(record.source_updated_at->time_since_epoch().count());
  }
  for (const Cell& cell : record.cells) {
    text += static_cast<char>('a' + static_cast<int>(cell.kind()));
    switch (cell.kind()) {
    case Cell::Kind::null:
      break;
    case Cell::Kind::text:
    case Cell::Kind::json:
      text += std::to_string(cell.as_text().size());
      text += cell.as_text();
      break;
    case Cell::Kind::real:
      text += fmt::format("{}", cell.as_real());
      break;
    default:
      text += std::to_string(cell.as_integer());
    }
  }
  return mapping::hash_text(text);
}

} // namespace

Model sample_model() {
  Model model;
  model.name = "sample";
  model.label = "Sample";
  model.fields = {{"title", FieldType::text, "", false},        {"number", FieldType::integer, "", false},
                  {"weight", FieldType::real, "", false},       {"open", FieldType::boolean, "", false},
                  {"made_at", FieldType::timestamp, "", false}, {"due", FieldType::date, "", false},
                  {"extra", FieldType::json, "", false}};
  model.indexes = {{"number"}};
  return model;
}

Model change_model() {
  Model model;
  model.name = "change";
  model.label = "Change";
  model.fields = {{"source_id", FieldType::integer, "", false},
                  {"author_id", FieldType::integer, "", false},
                  {"opened_at", FieldType::timestamp, "", false},
                  {"merged_at", FieldType::timestamp, "", false}};
  DerivedField first;
  first.field = {"first_verdict_at", FieldType::timestamp, "", false};
  first.kind = DerivedField::Kind::min_of;
  first.of_model = "verdict";
  first.of_field = "submitted_at";
  first.of_key = "change_id";
  first.key = "source_id";
  first.where = {{"status", Condition::Kind::not_equals, "PENDING"},
                 {"submitted_at", Condition::Kind::is_not_null, ""},
                 {"author_id", Condition::Kind::is_not_null, ""},
                 {"author_id", Condition::Kind::not_equals_field, "author_id"},
                 {"author_kind", Condition::Kind::not_equals, "Bot"}};
  model.derived = {seconds_between("cycle_time_seconds", "opened_at", "merged_at"), first,
                   seconds_between("review_time_seconds", "opened_at", "first_verdict_at")};
  return model;
}

Model deal_model() {
  Model model;
  model.name = "deal";
  model.label = "Deal";
  model.fields = {{"name", FieldType::text, "", false},
                  {"source_client", FieldType::text, "", false},
                  {"client", FieldType::text, "", false},
                  {"client_state", FieldType::text, "", false}};
  model.policies = {{.field = "client",
                     .source = "source_client",
                     .state = "client_state",
                     .otherwise = model::PolicyKind::preserve_local,
                     .rule_key = "clientSyncPolicy",
                     .aliases = {}}};
  return model;
}

Model verdict_model() {
  Model model;
  model.name = "verdict";
  model.label = "Verdict";
  model.fields = {{"change_id", FieldType::integer, "", false},
                  {"author_id", FieldType::integer, "", false},
                  {"author_kind", FieldType::text, "", false},
                  {"status", FieldType::text, "", false},
                  {"submitted_at", FieldType::timestamp, "", false}};
  return model;
}

Model person_model() {
  Model model;
  model.name = "person";
  model.label = "Person";
  model.fields = {{"number", FieldType::integer, "", false},
                  {"email", FieldType::text, "", true},
                  {"name", FieldType::text, "", false}};
  return model;
}

Catalog::Catalog(std::vector<Model> models) {
  for (Model& model : models) {
    models_.push_back(std::make_unique<Model>(std::move(model)));
    tables_.push_back({models_.back().get(), {}});
  }
}

const Model& Catalog::model(std::string_view name) const {
  for (const auto& model : models_) {
    if (model->name == name) {
      return *model;
    }
  }
  ADD_FAILURE() << "no model " << name;
  return *models_.front();
}

void Catalog::match(std::string_view model, std::vector<MatchRule> rules) {
  for (TableSpec& table : tables_) {
    if (table.model->name == model) {
      table.match_by = std::move(rules);
    }
  }
}

namespace {

std::vector<std::uint16_t> filled_columns(const Model& model) {
  std::vector<std::uint16_t> columns;
  for (std::size_t i = 0; i < model.fields.size(); ++i) {
    const bool ours = std::any_of(model.policies.begin(), model.policies.end(), [&](const auto& policy) {
      return policy.field == model.fields[i].name || policy.state == model.fields[i].name;
    });
    if (!ours) {
      columns.push_back(static_cast<std::uint16_t>(i));
    }
  }
  return columns;
}

} // namespace

void fill(mapping::PageRows& rows, const Model& model, const std::vector<Record>& records) {
  rows.reset(filled_columns(model));
  for (const Record& record : records) {
    mapping::RowHeader header;
    header.external_id = rows.arena().copy(record.external_id);
    header.external_id_hash = mapping::hash_text(record.external_id);
    header.source_updated_at = record.source_updated_at;
    header.inactive = record.inactive;
    header.gone = record.gone;
    header.content_hash = content_hash(record);
    const auto cells = rows.append(header);
    for (std::size_t i = 0; i < record.cells.size(); ++i) {
      cells[i] = record.cells[i];
    }
  }
}

Timestamp at(std::string_view iso8601) {
  const auto time = parse_iso8601(iso8601);
  EXPECT_TRUE(time.has_value()) << iso8601;
  return time.value_or(Timestamp());
}

Cell instant(std::string_view iso8601) { return Cell::timestamp(at(iso8601).time_since_epoch().count()); }

ObjectWorld::ObjectWorld(testing::TestStore& the_store, const Catalog& the_catalog, TenantId the_tenant,
                         ConnectionId the_connection, std::string_view the_object, std::string_view the_model)
    : store(the_store), catalog(the_catalog), tenant(the_tenant), connection(the_connection), object(the_object),
      model(the_catalog.model(the_model)) {
  begin_job();
  begin_pass();
  open(target());
}

ObjectTarget ObjectWorld::target() const {
  ObjectTarget target;
  target.tenant = tenant;
  target.connection = connection;
  target.provider = "acme";
  target.object = object;
  target.model = &model;
  target.models = catalog.tables();
  target.columns = filled_columns(model);
  return target;
}

void ObjectWorld::open(ObjectTarget target) {
  auto made = PageWriter::make(store.database(), store.ids(), std::move(target));
  ASSERT_TRUE(made.ok()) << made.error().message;
  writer_ = std::make_unique<PageWriter>(std::move(*made));
}

void ObjectWorld::begin_job() {
  job = JobId{store.ids().next()};
  ++fence;
  const std::string now = format_iso8601(store.clock().now());
  std::ignore = store.raw(fmt::format(
      "INSERT INTO job (tenant_id, job_id, connection_id, provider, object, kind, mode, state, fence, attempt, worker, "
      "cancel_requested, not_before, created_at, updated_at) VALUES ({}, {}, {}, 'acme', '{}', 'sync', 'full', "
      "'running', {}, 1, "
      "'w', {}, '{}', '{}', '{}')",
      tenant.value, job.value, connection.value, object, fence, store.dialect() == Dialect::sqlite ? "0" : "false", now,
      now, now));
  std::ignore =
      store.raw(fmt::format("DELETE FROM object_lease WHERE tenant_id = {} AND connection_id = {} AND object = '{}'",
                            tenant.value, connection.value, object));
  std::ignore =
      store.raw(fmt::format("INSERT INTO object_lease (tenant_id, connection_id, object, fence, job_id, host, boot_id, "
                            "process_id, process_start, "
                            "acquired_at, expires_at) VALUES ({}, {}, '{}', {}, {}, 'h', 'b', 1, 1, '{}', '{}')",
                            tenant.value, connection.value, object, fence, job.value, now, now));
}

void ObjectWorld::begin_pass() {
  pass_id = store.ids().next();
  pass_pages = 0;
  std::ignore = store.raw(fmt::format(
      "DELETE FROM sync_state WHERE tenant_id = {} AND connection_id = {} AND object = '{}' AND parent_id = ''",
      tenant.value, connection.value, object));
  std::ignore = store.raw(fmt::format(
      "INSERT INTO sync_state (tenant_id, connection_id, object, parent_id, pass_id, pass_mode, pass_pages, "
      "mapping_signature, "
      "completed_pass_id, resync_required, updated_at) VALUES ({}, {}, '{}', '', {}, 'full', 0, '', 0, {}, '{}')",
      tenant.value, connection.value, object, pass_id, store.dialect() == Dialect::sqlite ? "0" : "false",
      format_iso8601(store.clock().now())));
}

PageWrite ObjectWorld::page() const {
  PageWrite page;
  page.job = job;
  page.fence = fence;
  page.pass_id = pass_id;
  page.pass_pages = pass_pages;
  page.full_pass = full_pass;
  return page;
}

Result<PageOutcome> ObjectWorld::write(PageWrite page, const std::vector<Record>& records, std::string_view page_key) {
  fill(rows_, model, records);
  const std::vector<RecordBatch> batches{{&rows_, std::string(page_key)}};
  page.batches = batches;
  auto outcome = writer_->write(page);
  if (outcome.ok() && !outcome->already_written) {
    ++pass_pages;
  }
  return outcome;
}

Result<PageOutcome> ObjectWorld::write(const std::vector<Record>& records, std::string_view page_key) {
  return write(page(), records, page_key);
}

Result<PageOutcome> ObjectWorld::preview(const std::vector<Record>& records) {
  fill(rows_, model, records);
  const std::vector<RecordBatch> batches{{&rows_, ""}};
  PageWrite page;
  page.batches = batches;
  return writer_->preview(page);
}

} // namespace dovetail::store::testing_world
