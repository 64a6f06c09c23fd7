// SPDX-License-Identifier: Apache-2.0
// Ending jobs and running them again (SYNC-11).
#include <iterator>

#include <fmt/format.h>

#include "core/store/action_jobs.hpp"
#include "core/store/job_repository.hpp"
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

/// The job of that tenant.
Result<store::JobRecord> find_job(store::JobRepository& jobs, JobId id, std::string_view tenant) {
  DOVETAIL_TRY(auto job, jobs.get(id));
  if (!job) {
    return not_found(fmt::format("{} has no job {}: `dovetail job list --tenant {}` shows its latest ones", tenant,
                                 id.value, tenant));
  }
  return std::move(*job);
}

/// An action has no pages to end behind, and only its caller knows its input.
Status refuse_action(const store::JobRecord& job) {
  return job.kind == store::ActionJobs::kind
             ? failed_precondition(fmt::format("job {} is the action {}: it ends by itself within minutes, and "
                                               "`dovetail action invoke` with the same "
                                               "input and idempotency key tries it again",
                                               job.id.value, job.object))
             : Status();
}

class JobCancel final : public Command {
public:
  void declare(Options& options) override {
    options.positional("JOB", id_text_, "As `job list` shows it")->required();
    options.value("tenant", tenant_, "NAME", "Whose job")->required();
  }

  Status check() override {
    DOVETAIL_TRY(id_, parse_job_id(id_text_));
    return {};
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(tenant_));
    DOVETAIL_TRY(store::Database* const database, app.database());
    store::JobRepository jobs({*database, tenant.id}, app.ids());
    DOVETAIL_TRY(const store::JobRecord known, find_job(jobs, id_, tenant.name));
    DOVETAIL_TRY_STATUS(refuse_action(known));
    DOVETAIL_TRY_STATUS(jobs.request_cancel(id_));
    // What the request made of it: the state from before may have been another.
    DOVETAIL_TRY(const store::JobRecord job, find_job(jobs, id_, tenant.name));
    app.console().say(job.state == store::JobState::running
                          ? fmt::format("Job {} was asked to end; it does so after the page that it is at. What it has "
                                        "read stays, the next sync of {} goes on there.",
                                        id_.value, job.object)
                          : fmt::format("Job {} is {}.", id_.value, store::to_string(job.state)));
    return ExitCode::ok;
  }

private:
  std::string id_text_;
  JobId id_;
  std::string tenant_;
};

class JobRetry final : public Command {
public:
  void declare(Options& options) override {
    options.positional("JOB", id_text_, "As `job list` shows it; one that failed or was cancelled")->required();
    options.value("tenant", tenant_, "NAME", "Whose job")->required();
    options
        .value("max-wait", max_wait_, "DURATION", "The longest that it waits in place for the provider's rate limit")
        ->capture_default_str();
    json_.declare(options);
  }

  Status check() override {
    DOVETAIL_TRY(id_, parse_job_id(id_text_));
    const auto wait = parse_duration(max_wait_);
    if (!wait) {
      return invalid_argument("--max-wait takes a duration such as 90s, 5m or 1h, at most a week");
    }
    sync_.max_wait = *wait;
    return {};
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(tenant_));
    DOVETAIL_TRY(store::Database* const database, app.database());
    store::JobRepository jobs({*database, tenant.id}, app.ids());
    DOVETAIL_TRY(const store::JobRecord job, find_job(jobs, id_, tenant.name));
    DOVETAIL_TRY_STATUS(refuse_action(job));
    if (job.state != store::JobState::failed && job.state != store::JobState::cancelled) {
      return failed_precondition(fmt::format("job {} is {}: only failed and cancelled jobs can be run again", id_.value,
                                             store::to_string(job.state)));
    }
    DOVETAIL_TRY(const auto connection,
                 store::ConnectionRepository({*database, tenant.id}, app.ids()).get(job.connection));
    if (!connection) {
      return not_found(fmt::format("the connection of job {} was removed, so it cannot be run again", id_.value));
    }
    DOVETAIL_TRY(sync::SyncService* const service, app.sync_service());
    Console& console = app.console();
    SyncOutcome outcome;
    bool stopped = false;
    {
      const StopSignals signals(
          [&console] { console.note("Stopping after the page that is being stored. Again: stop at once."); });
      SyncProgress progress(console.status_line(), 1);
      sync::SyncOptions options = sync_;
      options.objects = {job.object};
      options.full = job.mode == "full";
      options.retry_of = job.id;
      DOVETAIL_TRY(auto reports, service->sync_connection(tenant, *connection, options, signals.token(), &progress));
      outcome.objects.assign(std::make_move_iterator(reports.begin()), std::make_move_iterator(reports.end()));
      stopped = signals.token().stop_requested();
    }
    if (json_.json) {
      json::Writer writer(json::Layout::pretty);
      write_outcome(writer, outcome);
      console.say_json(std::move(writer));
    } else {
      print_outcome(console, outcome);
    }
    if (stopped) {
      return cancelled("stopped by a signal; the next sync goes on where this one ended");
    }
    if (!outcome.ok()) {
      return failed_precondition(fmt::format("job {} failed again, as is told above", id_.value));
    }
    return ExitCode::ok;
  }

private:
  std::string id_text_;
  JobId id_;
  std::string tenant_;
  std::string max_wait_ = "2m";
  sync::SyncOptions sync_;
  JsonOption json_;
};

} // namespace

std::vector<CommandSpec> job_control_commands() {
  return {command<JobCancel>("job cancel", "Asks a job to end after the page that it is at",
                             "job cancel 123456789012345678 --tenant acme"),
          command<JobRetry>("job retry", "Runs a failed or cancelled job again",
                            "job retry 123456789012345678 --tenant acme")};
}

} // namespace dovetail::cli
