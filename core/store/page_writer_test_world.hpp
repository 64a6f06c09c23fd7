// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/mapping/hash.hpp"
#include "core/mapping/page_rows.hpp"
#include "core/model/model.hpp"
#include "core/store/model_table.hpp"
#include "core/store/page_writer.hpp"
#include "tests/support/test_store.hpp"

/// What the tests of model tables, page writer, sweep and record query have in common.
namespace dovetail::store::testing_world {

using mapping::Cell;
using model::Field;
using model::FieldType;
using model::Model;

/// Every type a field can have.
Model sample_model();
/// A change with a cycle time and a time to its first verdict, and the verdicts: the shapes of pull requests and reviews.
Model change_model();
Model verdict_model();
/// People, matched by number, then e-mail address.
Model person_model();
/// Deals, whose field "client" is ours and follows "source_client" as a policy says.
Model deal_model();

/// The models of a test and what a writer needs of them.
class Catalog {
public:
  explicit Catalog(std::vector<Model> models);
  [[nodiscard]] const Model& model(std::string_view name) const;
  [[nodiscard]] std::span<const TableSpec> tables() const { return tables_; }
  void match(std::string_view model, std::vector<MatchRule> rules);

private:
  std::vector<std::unique_ptr<Model>> models_;
  std::vector<TableSpec> tables_;
};

/// One record as a test writes it down.
struct Record {
  std::string external_id;
  std::vector<Cell>
      cells; ///< for each declared field of the model that is not ours, in order; texts live as long as the test's literals
  bool inactive = false;
  std::optional<Timestamp> source_updated_at;
  bool gone = false;
};

/// The rows of records, the content hash taken from what they say.
void fill(mapping::PageRows& rows, const Model& model, const std::vector<Record>& records);

Timestamp at(std::string_view iso8601);
Cell instant(std::string_view iso8601);

/// One object of one connection with a running job, its lease and a pass, ready for pages.
class ObjectWorld {
public:
  ObjectWorld(testing::TestStore& store, const Catalog& catalog, TenantId tenant, ConnectionId connection,
              std::string_view object, std::string_view model);

  ObjectTarget target() const;
  /// Makes the writer from target() as it was changed by `change`.
  void open(ObjectTarget target);
  void begin_job();  ///< a new job takes the lease, its fence grows
  void begin_pass(); ///< a new pass begins at page 0

  /// Writes the next page of the pass.
  Result<PageOutcome> write(const std::vector<Record>& records, std::string_view page_key = "");
  Result<PageOutcome> write(PageWrite page, const std::vector<Record>& records, std::string_view page_key = "");
  Result<PageOutcome> preview(const std::vector<Record>& records);
  /// What the next page of the pass begins with.
  PageWrite page() const;
  PageWriter& writer() { return *writer_; }

  testing::TestStore& store;
  const Catalog& catalog;
  TenantId tenant;
  ConnectionId connection;
  std::string object;
  const Model& model;
  JobId job;
  std::int64_t fence = 0;
  std::int64_t pass_id = 0;
  std::int64_t pass_pages = 0;
  bool full_pass = true;

private:
  std::unique_ptr<PageWriter> writer_;
  mapping::PageRows rows_;
};

} // namespace dovetail::store::testing_world
