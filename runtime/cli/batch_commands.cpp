// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/time.hpp"
#include "runtime/batch/account_files.hpp"
#include "runtime/batch/live_run.hpp"
#include "runtime/batch/plan.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/duration_text.hpp"
#include "runtime/cli/output.hpp"
#include "runtime/cli/progress.hpp"
#include "runtime/cli/signals.hpp"
#include "runtime/cli/sync_report.hpp"

namespace dovetail::cli {
namespace {

namespace fs = std::filesystem;

enum class State : std::uint8_t { ok, refused, failed };

std::string_view to_string(State state) noexcept {
  return state == State::ok ? "ok" : state == State::refused ? "refused" : "failed";
}

/// What came of one account file.
struct Account {
  std::string name;
  State state = State::ok;
  std::string message; ///< why it is not ok
  fs::path report;     ///< empty: there is none
  sync::SyncCounts counts;
};

struct Tally {
  std::size_t ok = 0;
  std::size_t refused = 0;
  std::size_t failed = 0;
};

class Batch final : public Command {
public:
  void declare(Options& options) override {
    options.value("configs-dir", configs_dir_, "DIR", "The account files: one <account>.json for each account")
        ->required();
    options.value("provider", provider_, "PROVIDER", "Whose accounts they are; default: the one that has a batch mode");
    options.value("report-dir", report_dir_, "DIR", "Where the reports go")->capture_default_str();
    options.flag("dry-run", dry_run_, "Call nobody, write nothing but reports of what would be done; the default");
    options.flag("live", live_, "Connect and sync; the variable DRY_RUN=0 says the same");
    options
        .value("max-wait", max_wait_, "DURATION", "How long to wait in place for a provider's limit, e.g. 90s, 5m, 1h")
        ->capture_default_str();
    json_.declare(options);
  }

  Status check() override {
    if (live_ && dry_run_) {
      return invalid_argument("--live and --dry-run exclude each other");
    }
    const auto wait = parse_duration(max_wait_);
    if (!wait) {
      return invalid_argument("--max-wait takes a duration such as 90s, 5m or 1h, at most a week");
    }
    sync_.max_wait = *wait;
    const char* const asked = std::getenv("DRY_RUN"); // NOLINT(concurrency-mt-unsafe): before threads start
    const std::string_view variable = asked == nullptr ? std::string_view() : std::string_view(asked);
    if (!variable.empty() && variable != "0" && variable != "1") {
      return invalid_argument("the variable DRY_RUN takes 0 (connect and sync) or 1 (only say what would be done)");
    }
    if (!live_ && !dry_run_) {
      live_ = variable == "0";
    }
    return {};
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const manifest::Manifest* const provider, find_provider(app));
    DOVETAIL_TRY(const batch::DirectoryLock lock, batch::DirectoryLock::take(configs_dir_));
    DOVETAIL_TRY(const std::vector<fs::path> files, batch::list_account_files(configs_dir_));
    DOVETAIL_TRY(const std::optional<batch::LiveParts> live, live_parts(app));
    for (const std::string& name : provider->pii) {
      app.redactor().mark_name(name);
    }
    Console& console = app.console();
    std::vector<Account> accounts;
    bool stopped = false;
    {
      const StopSignals signals(
          [&console] { console.note("Stopping after what is being done. Again: stop at once."); });
      SyncProgress progress(console.status_line(), files.size() * provider->batch->objects.size());
      for (const fs::path& file : files) {
        if (signals.token().stop_requested()) {
          break;
        }
        DOVETAIL_TRY(Account account, run_one(app, *provider, file, live, signals.token(), progress));
        accounts.push_back(std::move(account));
      }
      stopped = signals.token().stop_requested();
    }
    return tell(console, *provider, accounts, stopped);
  }

private:
  Result<const manifest::Manifest*> find_provider(App& app) const {
    if (!provider_.empty()) {
      DOVETAIL_TRY(const manifest::Manifest* const named, app.provider(provider_));
      if (!named->batch) {
        return failed_precondition(
            fmt::format("{} has no batch mode: its manifest has no member \"batch\"", named->display_name));
      }
      return named;
    }
    DOVETAIL_TRY(const manifest::Registry* const registry, app.providers());
    std::vector<std::string> keys;
    const manifest::Manifest* found = nullptr;
    for (const manifest::Manifest* const one : registry->all()) {
      if (one->batch) {
        keys.push_back(one->provider_key);
        found = one;
      }
    }
    if (keys.size() > 1) {
      return invalid_argument(fmt::format("say with --provider whose accounts they are: {}", fmt::join(keys, ", ")));
    }
    if (found == nullptr) {
      return failed_precondition("no provider has a batch mode: a manifest with the member \"batch\" would say how "
                                 "account files are read");
    }
    return found;
  }

  // Before any file is read: without the keys or the database nothing could be done with any of them.
  Result<std::optional<batch::LiveParts>> live_parts(App& app) const {
    if (!live_) {
      return std::optional<batch::LiveParts>();
    }
    DOVETAIL_TRY(store::Database* const database, app.database());
    DOVETAIL_TRY(vault::SecretBackend* const secrets, app.secrets(false));
    DOVETAIL_TRY(sync::SyncService* const service, app.sync_service());
    return std::optional<batch::LiveParts>(batch::LiveParts{.database = *database,
                                                            .ids = app.ids(),
                                                            .clock = app.clock(),
                                                            .redactor = app.redactor(),
                                                            .random = app.secure_random(),
                                                            .secrets = *secrets,
                                                            .service = *service,
                                                            .environment = manifest::process_environment(),
                                                            .options = sync_});
  }

  /// An Error when reports cannot be written; what is wrong with the account stands in the result.
  Result<Account> run_one(App& app, const manifest::Manifest& provider, const fs::path& file,
                          const std::optional<batch::LiveParts>& live, const std::stop_token& stop,
                          SyncProgress& progress) const {
    Account account;
    account.name = file.stem().string();
    const fs::path report =
        fs::path(report_dir_) / fmt::format("{}_integration_report_{}.json", provider.provider_key, account.name);
    const auto plan = make_plan(app, provider, account.name, file);
    if (!plan.ok()) {
      account.state = State::refused;
      account.message = plan.error().message;
      // An older report would pass for one of this run.
      std::error_code ignored;
      fs::remove(report, ignored);
      return account;
    }
    batch::LiveOutcome outcome;
    if (live) {
      outcome = batch::run_live(*live, *plan, stop, &progress);
      take(outcome, account);
    }
    DOVETAIL_TRY_STATUS(write_report(app, report, *plan, account, outcome));
    account.report = report;
    return account;
  }

  Result<batch::Plan> make_plan(App& app, const manifest::Manifest& provider, const std::string& name,
                                const fs::path& file) const {
    DOVETAIL_TRY(const batch::AccountFile text, batch::read_account_file(configs_dir_, file));
    return batch::make_plan(
        {.provider = provider, .environment = manifest::process_environment(), .redactor = app.redactor()}, name, text);
  }

  static void take(const batch::LiveOutcome& outcome, Account& account) {
    for (const sync::ObjectReport& report : outcome.objects) {
      account.counts += report.counts;
      if (report.error && account.message.empty()) {
        account.message = fmt::format("{}: {}", report.object, report.error->message);
      }
    }
    if (outcome.error) {
      account.message = outcome.error->message;
    }
    account.state = outcome.ok() ? State::ok : State::failed;
  }

  Status write_report(App& app, const fs::path& path, const batch::Plan& plan, const Account& account,
                      const batch::LiveOutcome& outcome) const {
    json::Writer writer(json::Layout::pretty);
    writer.begin_object().member("config", account.name).member("provider", plan.provider->provider_key);
    writer.member("dry_run", !live_).member("generated_at", format_iso8601(app.clock().now()));
    writer.member("status", to_string(account.state));
    batch::write_plan(writer, plan);
    if (live_) {
      writer.member("tenant_made", outcome.tenant_made).member("connection_made", outcome.connection_made);
      writer.member("connection_changed", outcome.connection_changed).member("tokens_written", outcome.tokens_written);
      SyncOutcome synced{.dry_run = false, .objects = outcome.objects, .connections = {}};
      if (outcome.error) {
        synced.connections.push_back({plan.tenant, plan.provider->provider_key, plan.connection, *outcome.error});
      }
      writer.key("outcome");
      write_outcome(writer, synced);
    }
    writer.end_object();
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    const std::string text = app.console().redact(writer.view()) + "\n";
    const Status written = error ? Status(unavailable(error.message()))
                                 : batch::replace_file(path, text, {.new_mode = 0644, .durable = false});
    return written.ok()
               ? Status()
               : Status(written.error().in(fmt::format(
                     "the report {} cannot be written, choose another place with --report-dir", path.string())));
  }

  Result<ExitCode> tell(Console& console, const manifest::Manifest& provider, const std::vector<Account>& accounts,
                        bool stopped) const {
    Tally tally;
    for (const Account& account : accounts) {
      ++(account.state == State::ok ? tally.ok : account.state == State::refused ? tally.refused : tally.failed);
    }
    if (json_.json) {
      write_json(console, provider, accounts, tally);
    } else {
      print(console, accounts, tally);
    }
    for (const Account& account : accounts) {
      if (account.state != State::ok) {
        console.fail(fmt::format("{}: {}: {}", (fs::path(configs_dir_) / (account.name + ".json")).string(),
                                 to_string(account.state), account.message));
      }
    }
    if (stopped) {
      return cancelled("stopped by a signal; the next run goes on where this one ended");
    }
    return tally.refused + tally.failed == 0 ? ExitCode::ok : ExitCode::failed;
  }

  void print(Console& console, const std::vector<Account>& accounts, const Tally& tally) const {
    std::vector<Column> columns{{"account"}, {"status"}};
    if (live_) {
      columns.insert(columns.end(), {{"fetched", true}, {"created", true}, {"updated", true}, {"unchanged", true}});
    }
    columns.push_back({"report"});
    const auto rows = console.rows(Format::table, std::move(columns));
    for (const Account& account : accounts) {
      std::vector<Cell> cells{account.name, std::string(to_string(account.state))};
      if (live_) {
        const sync::SyncCounts& counts = account.counts;
        cells.insert(cells.end(), {counts.fetched, counts.created, counts.updated, counts.unchanged});
      }
      cells.push_back(text_cell(account.report.string()));
      rows->row(cells);
    }
    rows->finish();
    console.say(fmt::format("{}: {} went through, {} refused, {} failed.",
                            live_ ? "Live" : "A dry run, nothing was called or stored", tally.ok, tally.refused,
                            tally.failed));
  }

  void write_json(Console& console, const manifest::Manifest& provider, const std::vector<Account>& accounts,
                  const Tally& tally) const {
    json::Writer writer(json::Layout::pretty);
    writer.begin_object().member("ok", tally.refused + tally.failed == 0).member("dry_run", !live_);
    writer.member("provider", provider.provider_key);
    writer.key("configs").begin_array();
    for (const Account& account : accounts) {
      writer.begin_object().member("config", account.name).member("status", to_string(account.state));
      writer.key("report");
      account.report.empty() ? writer.null() : writer.string(account.report.string());
      writer.key("message");
      account.message.empty() ? writer.null() : writer.string(account.message);
      writer.end_object();
    }
    writer.end_array();
    writer.key("total").begin_object();
    writer.member("ok", tally.ok).member("refused", tally.refused).member("failed", tally.failed);
    writer.end_object().end_object();
    console.say_json(std::move(writer));
  }

  std::string configs_dir_;
  std::string provider_;
  std::string report_dir_ = "reports";
  bool dry_run_ = false;
  bool live_ = false;
  std::string max_wait_ = "2m";
  sync::SyncOptions sync_;
  JsonOption json_;
};

} // namespace

std::vector<CommandSpec> batch_commands() {
  return {command<Batch>("batch", "Syncs every account of a directory of account files; dry unless told otherwise",
                         "batch --configs-dir configs --provider acme")};
}

} // namespace dovetail::cli
