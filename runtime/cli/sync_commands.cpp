// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "core/sync/sync_service.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/duration_text.hpp"
#include "runtime/cli/output.hpp"
#include "runtime/cli/progress.hpp"
#include "runtime/cli/signals.hpp"
#include "runtime/cli/sync_report.hpp"

namespace dovetail::cli {
namespace {

/// One connection that is to be synced, with the objects that were asked for and that its provider has.
struct Work {
  store::TenantRecord tenant;
  store::ConnectionRecord connection;
  std::vector<std::string> objects; ///< empty: all
  std::size_t object_count = 0;
};

class Sync final : public Command {
public:
  void declare(Options& options) override {
    options.value("tenant", tenant_, "NAME", "Sync this tenant's connections");
    options.flag("all-tenants", all_tenants_, "Sync all tenants' connections");
    options.value("provider", provider_, "PROVIDER", "Only connections to this provider");
    options.value("connection", connection_, "NAME", "Only the connection of this name; needs --tenant");
    options.list("object", objects_, "OBJECT", "Only this object; may be repeated");
    options.flag("full", sync_.full, "Read all that exists and find out what is gone, not only what changed");
    options.flag("dry-run", sync_.dry_run, "Read and map, write nothing but a report of what would be done");
    options.value("report-dir", report_dir_, "DIR",
                  "Where a dry run's reports go; default: reports in the data directory");
    options.value(
        "initial-sync", initial_, "MODE",
        "How objects begin that were never read: full_once (all that exists), from_now, or a date (what changed "
        "since); default: as their rules or the manifest say");
    options
        .value("max-wait", max_wait_, "DURATION", "How long to wait in place for a provider's limit, e.g. 90s, 5m, 1h")
        ->capture_default_str();
    options
        .value("max-removed", max_removed_, "PERCENT",
               "How much of an object a full pass may find gone before it stops and asks, 0 to 100")
        ->capture_default_str();
    options
        .value(
            "stale-mapping", stale_mapping_, "WHAT",
            "Where a mapping no longer fits the provider's fields: block (stop, the default), or run_valid (read what "
            "still fits)")
        ->check(CLI::IsMember({"block", "run_valid"}));
    json_.declare(options);
  }

  Status check() override {
    if (tenant_.empty() == !all_tenants_) {
      return invalid_argument("say either --tenant NAME or --all-tenants");
    }
    if (!connection_.empty() && tenant_.empty()) {
      return invalid_argument("--connection needs --tenant: whose connection is it?");
    }
    const auto wait = parse_duration(max_wait_);
    if (!wait) {
      return invalid_argument("--max-wait takes a duration such as 90s, 5m or 1h, at most a week");
    }
    sync_.max_wait = *wait;
    if (max_removed_ < 0 || max_removed_ > 100) {
      return invalid_argument("--max-removed takes a percentage from 0 to 100");
    }
    sync_.max_removed_share = static_cast<double>(max_removed_) / 100;
    sync_.on_stale_mapping = sync::stale_mapping_from_name(stale_mapping_);
    return read_initial_mode();
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const std::vector<Work> work, find_work(app));
    DOVETAIL_TRY(sync::SyncService* const service, app.sync_service());
    Console& console = app.console();
    SyncOutcome outcome{.dry_run = sync_.dry_run, .objects = {}, .connections = {}};
    std::vector<std::filesystem::path> reports;
    bool stopped = false;
    {
      const StopSignals signals(
          [&console] { console.note("Stopping after the page that is being stored. Again: stop at once."); });
      std::size_t objects = 0;
      for (const Work& one : work) {
        objects += one.object_count;
      }
      SyncProgress progress(console.status_line(), objects);
      for (const Work& one : work) {
        if (signals.token().stop_requested()) {
          break;
        }
        sync_one(*service, one, signals.token(), progress, outcome);
      }
      stopped = signals.token().stop_requested();
    }
    DOVETAIL_TRY_STATUS(write_reports(app, outcome, reports));
    tell(console, outcome, reports);
    if (stopped) {
      return cancelled("stopped by a signal; the next sync goes on where this one ended");
    }
    if (!outcome.ok()) {
      return failed_precondition(fmt::format("not everything was synced: what is named above failed{}",
                                             outcome.dry_run ? "" : ". The next sync goes on there"));
    }
    return ExitCode::ok;
  }

private:
  Status read_initial_mode() {
    if (initial_.empty()) {
      return {};
    }
    if (initial_ == "full_once") {
      sync_.initial_mode = sync::InitialSyncMode::full_once;
    } else if (initial_ == "from_now") {
      sync_.initial_mode = sync::InitialSyncMode::delta_only_from_now;
    } else {
      // A date is its first instant, UTC.
      sync_.initial_since = parse_iso8601(initial_.size() == 10 ? initial_ + "T00:00:00Z" : initial_);
      sync_.initial_mode = sync::InitialSyncMode::delta_only_after_date;
      if (!sync_.initial_since) {
        return invalid_argument("--initial-sync takes full_once, from_now, or a date such as 2026-01-31");
      }
    }
    return {};
  }

  Result<std::vector<Work>> find_work(App& app) const {
    DOVETAIL_TRY(const auto tenants, app.tenants(tenant_));
    DOVETAIL_TRY(store::Database* const database, app.database());
    if (!provider_.empty()) {
      DOVETAIL_TRY([[maybe_unused]] const manifest::Manifest* const known, app.provider(provider_));
    }
    std::vector<Work> work;
    for (const store::TenantRecord& tenant : tenants) {
      if (!connection_.empty()) {
        DOVETAIL_TRY(store::ConnectionRecord named, app.connection(tenant, connection_));
        DOVETAIL_TRY_STATUS(add_work(app, tenant, std::move(named), work));
        continue;
      }
      store::ConnectionRepository connections({*database, tenant.id}, app.ids());
      std::string last;
      for (bool more = true; more;) {
        constexpr std::size_t page = 1000;
        DOVETAIL_TRY(std::vector<store::ConnectionRecord> records, connections.list(provider_, last, page));
        more = records.size() == page;
        for (store::ConnectionRecord& record : records) {
          last = record.settings.name;
          DOVETAIL_TRY_STATUS(add_work(app, tenant, std::move(record), work));
        }
      }
    }
    if (work.empty()) {
      return not_found(objects_.empty()
                           ? "there is nothing to sync: no connection fits. `dovetail connection add` makes one"
                           : "there is nothing to sync: no connection's provider has these objects. `dovetail provider "
                             "show` lists them");
    }
    return work;
  }

  Status add_work(App& app, const store::TenantRecord& tenant, store::ConnectionRecord connection,
                  std::vector<Work>& work) const {
    // Somebody switched it off on purpose: a sync of everything is right without it.
    if (connection.status == store::ConnectionStatus::disabled && connection_.empty()) {
      app.console().note(fmt::format("{}/{} is disabled and was left out.", tenant.name, connection.settings.name));
      return {};
    }
    DOVETAIL_TRY(const manifest::Registry* const registry, app.providers());
    Work one{.tenant = tenant, .connection = std::move(connection), .objects = {}, .object_count = 0};
    const manifest::Manifest* const provider = registry->find(one.connection.settings.provider);
    if (provider != nullptr) {
      one.object_count = provider->objects.size();
      for (const std::string& object : objects_) {
        if (provider->find_object(object) != nullptr) {
          one.objects.push_back(object);
        }
      }
      if (!objects_.empty()) {
        if (one.objects.empty()) {
          return {};
        }
        one.object_count = one.objects.size();
      }
    }
    work.push_back(std::move(one));
    return {};
  }

  void sync_one(sync::SyncService& service, const Work& work, const std::stop_token& stop, SyncProgress& progress,
                SyncOutcome& outcome) const {
    sync::SyncOptions options = sync_;
    options.objects = work.objects;
    auto reports = service.sync_connection(work.tenant, work.connection, options, stop, &progress);
    if (!reports.ok()) {
      outcome.connections.push_back({work.tenant.name, work.connection.settings.provider, work.connection.settings.name,
                                     std::move(reports).error()});
      return;
    }
    outcome.objects.insert(outcome.objects.end(), std::make_move_iterator(reports->begin()),
                           std::make_move_iterator(reports->end()));
  }

  Status write_reports(App& app, const SyncOutcome& outcome, std::vector<std::filesystem::path>& files) const {
    const std::filesystem::path directory =
        report_dir_.empty() ? app.data_dir() / "reports" : std::filesystem::path(report_dir_);
    // In a sync that writes, those that were only tried because their rules say so.
    std::vector<sync::ObjectReport> tried;
    std::copy_if(outcome.objects.begin(), outcome.objects.end(), std::back_inserter(tried),
                 [](const auto& report) { return report.dry_run; });
    for (auto at = tried.begin(); at != tried.end();) {
      // One connection's reports stand together.
      const auto end = std::find_if(at, tried.end(), [&](const auto& report) {
        return report.tenant != at->tenant || report.connection != at->connection;
      });
      DOVETAIL_TRY(std::filesystem::path file,
                   write_dry_run_report(directory, {at, end}, app.clock().now(), app.console()));
      files.push_back(std::move(file));
      at = end;
    }
    return {};
  }

  void tell(Console& console, const SyncOutcome& outcome, const std::vector<std::filesystem::path>& reports) const {
    if (json_.json) {
      json::Writer writer(json::Layout::pretty);
      write_outcome(writer, outcome);
      console.say_json(std::move(writer));
    } else {
      print_outcome(console, outcome);
    }
    for (const std::filesystem::path& file : reports) {
      console.note(fmt::format("The report is in {}.", file.string()));
    }
  }

  std::string tenant_;
  bool all_tenants_ = false;
  std::string provider_;
  std::string connection_;
  std::vector<std::string> objects_;
  std::string report_dir_;
  std::string initial_;
  int max_removed_ = 30;
  std::string stale_mapping_;
  std::string max_wait_ = "2m";
  sync::SyncOptions sync_;
  JsonOption json_;
};

class ConnectionTest final : public Command {
public:
  void declare(Options& options) override {
    options.positional("NAME", name_, "The connection")->required();
    options.value("tenant", tenant_, "NAME", "Whose connection")->required();
    json_.declare(options);
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(tenant_));
    DOVETAIL_TRY(const store::ConnectionRecord connection, app.connection(tenant, name_));
    DOVETAIL_TRY(sync::SyncService* const service, app.sync_service());
    Console& console = app.console();
    const StopSignals signals([&console] { console.note("Stopping."); });
    const auto tested = service->test_connection(tenant, connection, signals.token());
    DOVETAIL_TRY(const plugin::ConnectionTest test, tested);
    const auto findings = json::Document::parse(test.findings.empty() ? "{}" : test.findings);
    if (json_.json) {
      json::Writer writer(json::Layout::pretty);
      writer.begin_object().member("ok", test.status.ok());
      writer.member("findings", findings.ok() ? findings->root() : json::Value());
      writer.end_object();
      console.say_json(std::move(writer));
    } else if (findings.ok()) {
      for (const auto& [name, value] : findings->root().members()) {
        console.say(
            fmt::format("{:<20} {}", name,
                        app.redactor().redact_value(name, value.as_string() ? *value.as_string() : value.dump())));
      }
    }
    if (!test.status.ok()) {
      return test.status.error().in(fmt::format("the connection {} of {} does not work", name_, tenant_));
    }
    if (!json_.json) {
      console.say(fmt::format("The connection {} of {} works.", name_, tenant_));
    }
    return ExitCode::ok;
  }

private:
  std::string name_;
  std::string tenant_;
  JsonOption json_;
};

} // namespace

std::vector<CommandSpec> sync_commands() {
  return {command<Sync>("sync", "Reads what is new at the providers into the local tables",
                        "sync --tenant acme --object repository"),
          command<ConnectionTest>("connection test", "Makes one authenticated call and says how it went",
                                  "connection test main --tenant acme")};
}

} // namespace dovetail::cli
