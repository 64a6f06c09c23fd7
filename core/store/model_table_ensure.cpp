// SPDX-License-Identifier: Apache-2.0
#include "core/store/model_table.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/store/derived.hpp"
#include "core/store/migrator.hpp"
#include "core/store/query.hpp"
#include "core/store/session.hpp"
#include "core/store/upsert_postgres_sql.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using model::DerivedField;
using model::Field;
using model::Model;

// What model_version.definition says, one line each: "field <name> <type>", "derived <name> <type> <rule>", "index <statement>".
struct Definition {
  std::map<std::string, std::string> fields;  ///< name -> type
  std::map<std::string, std::string> derived; ///< name -> type and rule
  std::set<std::string> indexes;
};

struct Recorded {
  std::int64_t version = 0;
  Definition definition;
};
using RecordedModels = std::map<std::string, Recorded>;

Definition definition_of(const TableSpec& spec, std::span<const TableSpec> models, Dialect dialect) {
  Definition definition;
  for (const Field& field : spec.model->fields) {
    definition.fields.emplace(field.name, to_string(field.type));
  }
  for (const DerivedField& derived : spec.model->derived) {
    definition.derived.emplace(derived.field.name,
                               fmt::format("{} {}", to_string(derived.field.type), describe(derived)));
  }
  for (std::string& index : detail::index_statements(spec, models, dialect)) {
    definition.indexes.insert(std::move(index));
  }
  return definition;
}

std::string to_text(const Definition& definition) {
  std::string text;
  for (const auto& [name, type] : definition.fields) {
    text += fmt::format("field {} {}\n", name, type);
  }
  for (const auto& [name, rule] : definition.derived) {
    text += fmt::format("derived {} {}\n", name, rule);
  }
  for (const std::string& index : definition.indexes) {
    text += fmt::format("index {}\n", index);
  }
  return text;
}

Result<Definition> from_text(std::string_view model, std::string_view text) {
  Definition definition;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t space = line.find(' ');
    const std::string_view kind = line.substr(0, space);
    const std::string_view rest = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    const std::size_t gap = rest.find(' ');
    if (gap == std::string_view::npos || (kind != "field" && kind != "derived" && kind != "index")) {
      return data_loss(
          fmt::format("model_version: the definition of model \"{}\" is not ours: restore it from a backup.", model));
    }
    if (kind == "index") {
      definition.indexes.emplace(rest);
    } else {
      (kind == "field" ? definition.fields : definition.derived).emplace(rest.substr(0, gap), rest.substr(gap + 1));
    }
  }
  return definition;
}

Result<RecordedModels> read_recorded(ReadSession& session) {
  DOVETAIL_TRY(
      const auto rows,
      Query(session, "SELECT model, version, definition FROM model_version", "reading the models' versions").rows(3));
  RecordedModels recorded;
  for (const detail::Row& row : rows) {
    DOVETAIL_TRY(const std::int64_t version, row.integer(1));
    DOVETAIL_TRY(Definition definition, from_text(row.text(0), row.text(2)));
    recorded.emplace(row.text(0), Recorded{version, std::move(definition)});
  }
  return recorded;
}

std::string_view type_of(const std::string& type_and_rule) {
  return std::string_view(type_and_rule).substr(0, type_and_rule.find(' '));
}

bool is_generated(const std::string& type_and_rule) {
  return type_and_rule.find(" seconds_between ") != std::string::npos;
}

// Why the table of a recorded model cannot become that of the declared one.
Status check_change(const Model& model, const Recorded& recorded, const Definition& wanted) {
  if (recorded.version > model.version) {
    return failed_precondition(
        fmt::format("The database holds version {} of model \"{}\", this program brings version {}: use the newer "
                    "program, or the model file it came with.",
                    recorded.version, model.name, model.version));
  }
  for (const auto& [name, type] : recorded.definition.fields) {
    const auto found = wanted.fields.find(name);
    if (found == wanted.fields.end()) {
      return failed_precondition(fmt::format(
          "Model \"{}\" no longer has the field \"{}\", whose column holds data: put it back (a field that no "
          "mapping fills does no harm), or give the new model another name.",
          model.name, name));
    }
    if (found->second != type) {
      return failed_precondition(fmt::format(
          "Model \"{}\": the field \"{}\" was {} and is now declared as {}: leave it as it was and add a field "
          "of another name.",
          model.name, name, type, found->second));
    }
  }
  return {};
}

// Nothing to do: the same declaration, and every index that is wanted. Indexes of other programs' match rules stay.
bool is_current(const Model& model, const Recorded& recorded, const Definition& wanted) {
  return recorded.version == model.version && recorded.definition.fields == wanted.fields &&
         recorded.definition.derived == wanted.derived &&
         std::includes(recorded.definition.indexes.begin(), recorded.definition.indexes.end(), wanted.indexes.begin(),
                       wanted.indexes.end());
}

/// Changes the tables inside the owner's transaction.
class TableChange {
public:
  TableChange(Transaction& transaction, std::span<const TableSpec> models, Timestamp now)
      : transaction_(transaction), models_(models), now_(now), dialect_(transaction.dialect()) {}

  Status run() {
    DOVETAIL_TRY(const RecordedModels recorded, read_recorded(transaction_));
    for (const TableSpec& spec : models_) {
      const auto found = recorded.find(spec.model->name);
      const Definition wanted = definition_of(spec, models_, dialect_);
      if (found == recorded.end()) {
        DOVETAIL_TRY_STATUS(create(spec));
        DOVETAIL_TRY_STATUS(record(*spec.model, wanted));
        continue;
      }
      DOVETAIL_TRY_STATUS(check_change(*spec.model, found->second, wanted));
      if (!is_current(*spec.model, found->second, wanted)) {
        DOVETAIL_TRY_STATUS(extend(spec, found->second.definition, wanted));
      }
    }
    // Only now do all tables exist that a min_of may look at.
    for (const auto& [model, field] : stale_) {
      for (const MinOf& min_of : min_of_fields(*model, models_, dialect_)) {
        if (min_of.derived->field.name == field) {
          DOVETAIL_TRY([[maybe_unused]] const std::int64_t rows,
                       Query(transaction_, detail::Sql(min_of.all), "computing a derived field").bind(now_).execute());
        }
      }
    }
    return {};
  }

private:
  Status execute(const std::string& sql, const Model& model) {
    return transaction_.session().execute(sql.c_str(), "building the table of model \"" + model.name + "\"");
  }

  Result<bool> table_exists(const std::string& name) {
    constexpr detail::Sql sql = {
        "SELECT count(*) FROM sqlite_master WHERE name = $1",
        "SELECT count(*) FROM pg_class WHERE relname = $1 AND relnamespace = current_schema()::regnamespace"};
    DOVETAIL_TRY(const auto row, Query(transaction_, sql, "looking for a table").bind(name).row(1));
    DOVETAIL_TRY(const std::int64_t count, row->integer(0));
    return count > 0;
  }

  // Indexes over text that ignore case need it; IF NOT EXISTS would send a notice each time.
  Status ensure_collation(const Model& model) {
    if (dialect_ == Dialect::sqlite || collation_made_) {
      return {};
    }
    collation_made_ = true;
    DOVETAIL_TRY(const auto row,
                 Query(transaction_, "SELECT count(*) FROM pg_collation WHERE collname = $1", "looking for a collation")
                     .bind(detail::ignore_case_collation)
                     .row(1));
    DOVETAIL_TRY(const std::int64_t count, row->integer(0));
    if (count > 0) {
      return {};
    }
    return execute(
        fmt::format("CREATE COLLATION {} (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                    quoted(detail::ignore_case_collation)),
        model);
  }

  Status create(const TableSpec& spec) {
    const Model& model = *spec.model;
    DOVETAIL_TRY(const bool taken, table_exists(model.name));
    if (taken || is_reserved_table(model.name)) {
      return failed_precondition(fmt::format(
          "Model \"{}\" cannot have its table: the database has another one of that name. Give the model another name.",
          model.name));
    }
    DOVETAIL_TRY_STATUS(ensure_collation(model));
    for (const std::string& statement : create_statements(spec, models_, dialect_)) {
      DOVETAIL_TRY_STATUS(execute(statement, model));
    }
    return protect_table(transaction_, model.name);
  }

  Status drop_indexes(const Model& model, const std::set<std::string>& statements) {
    for (const std::string& statement : statements) {
      constexpr std::string_view head = "CREATE INDEX IF NOT EXISTS ";
      const std::size_t end = statement.find(" ON ");
      DOVETAIL_TRY_STATUS(execute("DROP INDEX IF EXISTS " + statement.substr(head.size(), end - head.size()), model));
    }
    return {};
  }

  // Generated columns are thrown away and built anew as soon as any derived field changed: one may look at another, and they hold nothing
  // that the row does not say. A min_of keeps its column unless its type changed.
  Status extend_derived(const TableSpec& spec, const Definition& before, const Definition& wanted) {
    const Model& model = *spec.model;
    const auto drop = [&](const std::string& name) {
      return execute(fmt::format("ALTER TABLE {} DROP COLUMN {}", quoted(model.name), quoted(name)), model);
    };
    DOVETAIL_TRY_STATUS(drop_indexes(model, before.indexes));
    std::set<std::string> standing;
    for (const auto& [name, rule] : before.derived) {
      if (is_generated(rule)) {
        DOVETAIL_TRY_STATUS(drop(name));
      }
    }
    for (const auto& [name, rule] : before.derived) {
      if (is_generated(rule)) {
        continue;
      }
      const auto found = wanted.derived.find(name);
      if (found == wanted.derived.end() || is_generated(found->second) || type_of(found->second) != type_of(rule)) {
        DOVETAIL_TRY_STATUS(drop(name));
      } else {
        standing.insert(name);
      }
    }
    for (const TableColumn& column : table_columns(model)) {
      const bool derived =
          column.origin == TableColumn::Origin::generated || column.origin == TableColumn::Origin::computed;
      if (derived && !standing.contains(column.name)) {
        DOVETAIL_TRY_STATUS(execute(detail::add_column_statement(column, model, dialect_), model));
      }
      if (column.origin == TableColumn::Origin::computed) {
        const auto old = before.derived.find(column.name);
        if (old == before.derived.end() || old->second != wanted.derived.at(column.name)) {
          stale_.emplace_back(&model, column.name);
        }
      }
    }
    return {};
  }

  Status extend(const TableSpec& spec, const Definition& before, Definition wanted) {
    const Model& model = *spec.model;
    for (const TableColumn& column : table_columns(model)) {
      if (column.origin == TableColumn::Origin::declared && !before.fields.contains(column.name)) {
        DOVETAIL_TRY_STATUS(execute(detail::add_column_statement(column, model, dialect_), model));
      }
    }
    if (before.derived != wanted.derived) {
      DOVETAIL_TRY_STATUS(extend_derived(spec, before, wanted));
    }
    const bool dropped = before.derived != wanted.derived;
    for (const std::string& index : wanted.indexes) {
      if (dropped || !before.indexes.contains(index)) {
        DOVETAIL_TRY_STATUS(execute(index, model));
      }
    }
    if (!dropped) {
      wanted.indexes.insert(before.indexes.begin(), before.indexes.end());
    }
    return record(model, wanted);
  }

  Status record(const Model& model, const Definition& definition) {
    return Query(transaction_,
                 "INSERT INTO model_version (model, version, definition, applied_at) VALUES ($1, $2, $3, $4) ON "
                 "CONFLICT (model) DO UPDATE SET "
                 "version = excluded.version, definition = excluded.definition, applied_at = excluded.applied_at",
                 "recording a model's version")
        .bind(model.name)
        .bind(std::int64_t{model.version})
        .bind(to_text(definition))
        .bind(now_)
        .execute_only();
  }

  Transaction& transaction_;
  std::span<const TableSpec> models_;
  Timestamp now_;
  Dialect dialect_;
  bool collation_made_ = false;
  std::vector<std::pair<const Model*, std::string>> stale_; ///< min_of columns to be computed for all rows
};

} // namespace

Status ensure_tables(Database& database, std::span<const TableSpec> models) {
  DOVETAIL_TRY_STATUS(check_tables(models));
  DOVETAIL_TRY(const RecordedModels recorded,
               database.with_operator_read([](ReadSession& session) { return read_recorded(session); }));
  const bool current = std::all_of(models.begin(), models.end(), [&](const TableSpec& spec) {
    const auto found = recorded.find(spec.model->name);
    return found != recorded.end() &&
           is_current(*spec.model, found->second, definition_of(spec, models, database.dialect()));
  });
  if (current) {
    return {};
  }
  return database.with_schema_change(
      [&](Transaction& transaction) { return TableChange(transaction, models, database.clock().now()).run(); });
}

} // namespace dovetail::store
