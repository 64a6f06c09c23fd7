// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include <fmt/format.h>

#include "core/json/file.hpp"
#include "core/sync/match_confirm.hpp"
#include "core/sync/match_file.hpp"
#include "core/sync/sync_service.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/mapping_target.hpp"
#include "runtime/cli/output.hpp"
#include "runtime/cli/progress.hpp"
#include "runtime/cli/signals.hpp"

namespace dovetail::cli {
namespace {

namespace fs = std::filesystem;

/// What records hold is nobody else's business: the file is its owner's alone.
Status write_private(const fs::path& path, std::string_view text) {
  const fs::path draft = path.string() + ".new";
  std::error_code error;
  fs::remove(draft, error);
  const mode_t before = ::umask(S_IRWXG | S_IRWXO);
  std::ofstream file(draft, std::ios::binary | std::ios::trunc);
  ::umask(before);
  file << text << '\n';
  file.close();
  if (file) {
    fs::rename(draft, path, error);
    if (!error) {
      return {};
    }
  }
  return unavailable(fmt::format("the file {} cannot be written: choose another one with --file", path.string()));
}

class MatchSuggest final : public Command {
public:
  void declare(Options& options) override {
    which_.declare(options);
    options.value("file", file_, "FILE", "Where the suggestions go; default: standard output");
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const MappedObject target, which_.find(app));
    DOVETAIL_TRY(sync::SyncService* const service, app.sync_service());
    Console& console = app.console();
    const auto review = [&]() -> Result<sync::MatchReview> {
      const StopSignals signals([&console] { console.note("Stopping."); });
      SyncProgress progress(console.status_line(), 1);
      return service->review_matches(target.tenant, target.connection, target.object->key, {}, signals.token(),
                                     &progress);
    }();
    DOVETAIL_TRY(const sync::MatchReview found, review);
    const std::string text = to_json(found, app.clock().now());
    if (file_.empty()) {
      console.out() << text << '\n';
    } else {
      DOVETAIL_TRY_STATUS(write_private(file_, text));
    }
    console.note(
        fmt::format("{}: {} matched, {} in conflict, {} unmatched; {} linked already. {} rows are without a record.",
                    target.place(), found.count(sync::MatchStatus::matched), found.count(sync::MatchStatus::conflict),
                    found.count(sync::MatchStatus::unmatched), found.linked, found.rows.size()));
    if (!file_.empty()) {
      console.note(fmt::format("Edit \"rowId\" in {0}, then: dovetail match confirm {0}", file_));
    }
    return ExitCode::ok;
  }

private:
  ObjectOption which_;
  std::string file_;
};

class MatchConfirm final : public Command {
public:
  void declare(Options& options) override {
    options.positional("FILE", file_, "What `match suggest` wrote, edited")->required();
    json_.declare(options);
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const std::string text, json::read_file(file_, sync::max_match_file_bytes));
    const auto read = sync::read_match_file(text);
    if (!read.ok()) {
      return read.error().in(file_);
    }
    const sync::MatchDecision& decision = *read;
    const ObjectOption which{decision.subject.tenant, decision.subject.connection, decision.subject.object};
    DOVETAIL_TRY(const MappedObject target, which.find(app));
    DOVETAIL_TRY(store::Database* const database, app.database_with_models());
    DOVETAIL_TRY(const sync::MatchSummary summary,
                 sync::confirm_decision({.scope = {*database, target.tenant.id},
                                         .ids = app.ids(),
                                         .connection = target.connection.id,
                                         .provider = target.connection.settings.provider,
                                         .object = *target.object,
                                         .model = *target.model},
                                        decision));
    Console& console = app.console();
    if (json_.json) {
      json::Writer writer(json::Layout::pretty);
      writer.begin_object().member("job", id_text(summary.job)).member("matched", summary.matched);
      writer.member("changed", summary.changed).member("skipped", summary.skipped).end_object();
      console.say_json(std::move(writer));
    } else {
      console.say(
          fmt::format("{}: {} records are linked as suggested, {} to other rows, {} were left out. The next sync "
                      "updates the linked rows.",
                      target.place(), summary.matched, summary.changed, summary.skipped));
    }
    return ExitCode::ok;
  }

private:
  std::string file_;
  JsonOption json_;
};

} // namespace

std::vector<CommandSpec> match_commands() {
  return {command<MatchSuggest>("match suggest", "Says which local rows the provider's records may be",
                                "match suggest --tenant acme --connection main --object OBJECT --file matches.json"),
          command<MatchConfirm>("match confirm", "Links records to rows as an edited file says",
                                "match confirm matches.json")};
}

} // namespace dovetail::cli
