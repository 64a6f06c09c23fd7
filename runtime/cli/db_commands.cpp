// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/output.hpp"

namespace dovetail::cli {
namespace {

class DbMigrate final : public Command {
public:
  void declare(Options& /*options*/) override {}

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY_STATUS(app.prepare_data_dir());
    std::size_t applied = 0;
    {
      DOVETAIL_TRY(const auto database, store::Database::open({.location = app.database_location(), .migrate = false},
                                                              app.clock(), app.random(), app.logger()));
      DOVETAIL_TRY(const store::MigrationStatus status, database->migrate());
      applied = status.applied_now;
    }
    DOVETAIL_TRY(store::Database* const database, app.database_with_models());
    app.console().say(applied == 0 ? fmt::format("{} was up to date.", database->description())
                                   : fmt::format("{} is up to date: {} migration{} applied.", database->description(),
                                                 applied, applied == 1 ? "" : "s"));
    return ExitCode::ok;
  }
};

class DbCheck final : public Command {
public:
  void declare(Options& options) override { json_.declare(options); }

  Result<ExitCode> run(App& app) override {
    const std::string location = app.database_location();
    std::error_code ignored;
    // Opening would make the file.
    if (location.rfind("postgres", 0) != 0 && !std::filesystem::exists(location, ignored)) {
      return not_found(fmt::format("there is no database at {} yet: `dovetail db migrate` makes it", location));
    }
    DOVETAIL_TRY(const auto database, store::Database::open({.location = location, .migrate = false}, app.clock(),
                                                            app.random(), app.logger()));
    DOVETAIL_TRY(const store::MigrationStatus status, database->check_migrations());
    const auto rows = app.console().rows(json_.format(), {{"version", true}, {"name"}, {"applied_at"}});
    for (const store::AppliedMigration& migration : status.applied) {
      rows->row({std::int64_t{migration.version}, migration.name, time_cell(migration.applied_at)});
    }
    for (const std::string& name : status.missing) {
      rows->row({nullptr, name, nullptr});
    }
    rows->finish();
    if (!status.missing.empty()) {
      return failed_precondition(fmt::format("{} lacks {}: `dovetail db migrate` applies what is missing",
                                             database->description(), fmt::join(status.missing, ", ")));
    }
    app.console().note(fmt::format("{} is up to date.", database->description()));
    return ExitCode::ok;
  }

private:
  JsonOption json_;
};

} // namespace

std::vector<CommandSpec> db_commands() {
  return {command<DbMigrate>("db migrate", "Brings the schema and the local models' tables up to date", "db migrate"),
          command<DbCheck>("db check", "Shows which migrations are applied; fails when some are missing", "db check")};
}

} // namespace dovetail::cli
