// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/time.hpp"
#include "core/store/record_query.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/output.hpp"

namespace dovetail::cli {
namespace {

// A person looks at some rows; a program takes them all.
constexpr std::size_t usual_table_rows = 100;

class Records final : public Command {
public:
  void declare(Options& options) override {
    options.positional("MODEL", model_, "A local model, e.g. repository; without it: the models there are");
    options.value("tenant", tenant_, "NAME", "Whose records");
    options.list("where", where_, "FIELD=VALUE",
                 "Only records with this value; may be repeated, then all must hold. FIELD= alone asks for null");
    options.list("field", fields_, "FIELD", "Only these columns; may be repeated");
    options.flag("include-inactive", query_.include_inactive, "Also records that the provider no longer has");
    options.value("limit", limit_, "N", "At most so many; 0: all. Default: 100 in a table, else all");
    options.value("format", format_, "FORMAT", "table, json, jsonl or csv")
        ->check(CLI::IsMember({"table", "json", "jsonl", "csv"}))
        ->capture_default_str();
  }

  Status check() override {
    if (!model_.empty() && tenant_.empty()) {
      return invalid_argument("--tenant is missing: whose records?");
    }
    for (const std::string& text : where_) {
      const std::size_t equals = text.find('=');
      if (equals == std::string::npos || equals == 0) {
        return invalid_argument("--where takes a field, '=', and a value");
      }
      std::string value = text.substr(equals + 1);
      query_.where.push_back({text.substr(0, equals), value.empty() ? std::nullopt : std::optional(std::move(value))});
    }
    return {};
  }

  Result<ExitCode> run(App& app) override {
    const Format format = format_from_name(format_).value_or(Format::table);
    DOVETAIL_TRY(const model::ModelRegistry* const models, app.models());
    if (model_.empty()) {
      list_models(app, *models, format);
      return ExitCode::ok;
    }
    query_.model = models->find(model_);
    if (query_.model == nullptr) {
      return not_found(fmt::format("there is no local model \"{}\": `dovetail records` lists those there are", model_));
    }
    DOVETAIL_TRY(store::Database* const database, app.database_with_models());
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(tenant_));
    return read(app, {*database, tenant.id}, format);
  }

private:
  static void list_models(App& app, const model::ModelRegistry& models, Format format) {
    const auto rows = app.console().rows(format, {{"model"}, {"label"}, {"fields"}});
    for (const model::Model* model : models.all()) {
      std::vector<std::string> fields;
      for (store::TableColumn column : store::record_columns(*model)) {
        if (column.origin != store::TableColumn::Origin::own) {
          fields.push_back(std::move(column.name));
        }
      }
      rows->row({model->name, model->label, fmt::format("{}", fmt::join(fields, " "))});
    }
    rows->finish();
  }

  Result<ExitCode> read(App& app, const store::TenantScope& scope, Format format) {
    const std::vector<store::TableColumn> columns = chosen_columns();
    std::vector<Column> shown;
    for (const store::TableColumn& column : columns) {
      query_.columns.push_back(column.name);
      shown.push_back({column.name, column.type == model::FieldType::integer || column.type == model::FieldType::real});
    }
    // One more than is shown tells whether there are more.
    const std::size_t limit = limit_.value_or(format == Format::table ? usual_table_rows : 0);
    query_.limit = limit == 0 ? std::nullopt : std::optional(limit + 1);
    const auto rows = app.console().rows(format, std::move(shown));
    std::size_t count = 0;
    std::vector<Cell> cells;
    DOVETAIL_TRY_STATUS(store::read_records(scope, query_, [&](const store::RecordView& record) -> Status {
      if (limit == 0 || ++count <= limit) {
        cells.clear();
        for (std::size_t i = 0; i < columns.size(); ++i) {
          cells.push_back(to_cell(record.values[i], columns[i]));
        }
        rows->row(cells);
      }
      return app.console().out() ? Status() : unavailable("standard output was closed before everything was written");
    }));
    rows->finish();
    if (limit != 0 && count > limit) {
      app.console().note(fmt::format("There are more than these {}: --limit 0 shows all.", limit));
    }
    return ExitCode::ok;
  }

  // A table shows what belongs to the model; the columns that every model has are for programs, or for who asks for them.
  [[nodiscard]] std::vector<store::TableColumn> chosen_columns() const {
    std::vector<store::TableColumn> all = store::record_columns(*query_.model);
    if (!fields_.empty()) {
      std::vector<store::TableColumn> chosen;
      for (const std::string& field : fields_) {
        const auto found =
            std::find_if(all.begin(), all.end(), [&](const auto& column) { return column.name == field; });
        chosen.push_back(found == all.end() ? store::TableColumn{.name = field} : *found);
      }
      return chosen;
    }
    if (format_ == "table") {
      all.erase(std::remove_if(all.begin(), all.end(),
                               [](const auto& column) { return column.origin == store::TableColumn::Origin::own; }),
                all.end());
    }
    return all;
  }

  static Cell to_cell(const mapping::Cell& value, const store::TableColumn& column);

  std::string model_;
  std::string tenant_;
  std::vector<std::string> where_;
  std::vector<std::string> fields_;
  std::optional<std::size_t> limit_;
  std::string format_ = "table";
  store::RecordQuery query_;
};

std::string date_text(std::int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

Cell Records::to_cell(const mapping::Cell& value, const store::TableColumn& column) {
  switch (value.kind()) {
  case mapping::Cell::Kind::null:
    return nullptr;
  case mapping::Cell::Kind::integer:
    // Ids and hashes of ours use all 64 bits, which JSON readers that keep numbers as doubles would round.
    return column.origin == store::TableColumn::Origin::own ? Cell(std::to_string(value.as_integer()))
                                                            : Cell(value.as_integer());
  case mapping::Cell::Kind::real:
    return value.as_real();
  case mapping::Cell::Kind::boolean:
    return value.as_boolean();
  case mapping::Cell::Kind::timestamp:
    return format_iso8601(value.as_timestamp());
  case mapping::Cell::Kind::date:
    return date_text(value.as_integer());
  case mapping::Cell::Kind::text:
    return std::string(value.as_text());
  case mapping::Cell::Kind::json:
    return RawJson{std::string(value.as_text())};
  }
  return nullptr;
}

} // namespace

std::vector<CommandSpec> record_commands() {
  return {command<Records>("records", "Prints records of a local model",
                           "records --tenant acme repository --where archived=false --format csv")};
}

} // namespace dovetail::cli
