// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/time.hpp"
#include "core/store/job_repository.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/output.hpp"
#include "runtime/cli/text_width.hpp"

namespace dovetail::cli {
namespace {

// The newest first, of all the tenants that were asked for.
struct TenantJob {
  std::string tenant;
  store::JobRecord job;
};

Cell seconds_of(const store::JobRecord& job) {
  if (!job.started_at || !job.finished_at) {
    return nullptr;
  }
  return std::chrono::duration<double>(*job.finished_at - *job.started_at).count();
}

class JobList final : public Command {
public:
  void declare(Options& options) override {
    options.value("tenant", tenant_, "NAME", "Only this tenant's; default: all");
    options.value("connection", connection_, "NAME", "Only this connection's; needs --tenant");
    options.value("provider", filter_.provider, "PROVIDER", "Only this provider's");
    options.value("object", filter_.object, "OBJECT", "Only this object's");
    options.value("state", state_, "STATE", "queued, running, succeeded, failed or cancelled")
        ->check(CLI::IsMember({"queued", "running", "succeeded", "failed", "cancelled"}));
    options.value("limit", limit_, "N", "At most so many, the newest first")
        ->check(CLI::Range(std::size_t{1}, store::JobRepository::max_listed))
        ->capture_default_str();
    json_.declare(options);
  }

  Status check() override {
    if (!connection_.empty() && tenant_.empty()) {
      return invalid_argument("--connection needs --tenant: whose connection is it?");
    }
    if (!state_.empty()) {
      filter_.state = store::job_state_from_name(state_);
    }
    return {};
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const auto jobs, find(app));
    const auto rows = app.console().rows(json_.format(), {{"job"},
                                                          {"tenant"},
                                                          {"provider"},
                                                          {"object"},
                                                          {"kind"},
                                                          {"mode"},
                                                          {"state"},
                                                          {"started_at"},
                                                          {"seconds", true},
                                                          {"fetched", true},
                                                          {"created", true},
                                                          {"updated", true},
                                                          {"unchanged", true},
                                                          {"failed", true},
                                                          {"requests", true},
                                                          {"error"}});
    for (const auto& [tenant, job] : jobs) {
      const store::JobCounters& counts = job.counters;
      rows->row({id_text(job.id), tenant, job.provider, job.object, job.kind, job.mode,
                 std::string(store::to_string(job.state)), time_cell(job.started_at), seconds_of(job), counts.fetched,
                 counts.created, counts.updated, counts.unchanged, counts.failed, counts.requests,
                 text_cell(app.console().redact(job.error_message))});
    }
    rows->finish();
    return ExitCode::ok;
  }

private:
  Result<std::vector<TenantJob>> find(App& app) {
    DOVETAIL_TRY(const auto tenants, app.tenants(tenant_));
    DOVETAIL_TRY(store::Database* const database, app.database());
    std::vector<TenantJob> jobs;
    for (const store::TenantRecord& tenant : tenants) {
      if (!connection_.empty()) {
        DOVETAIL_TRY(const store::ConnectionRecord connection, app.connection(tenant, connection_));
        filter_.connection = connection.id;
      }
      DOVETAIL_TRY(auto found, store::JobRepository({*database, tenant.id}, app.ids()).list(filter_, limit_));
      for (store::JobRecord& job : found) {
        jobs.push_back({tenant.name, std::move(job)});
      }
      std::sort(jobs.begin(), jobs.end(),
                [](const TenantJob& left, const TenantJob& right) { return left.job.id > right.job.id; });
      jobs.resize(std::min(jobs.size(), limit_));
    }
    return jobs;
  }

  std::string tenant_;
  std::string connection_;
  std::string state_;
  std::size_t limit_ = 20;
  store::JobFilter filter_;
  JsonOption json_;
};

class JobShow final : public Command {
public:
  void declare(Options& options) override {
    options.positional("JOB", id_text_, "As `job list` shows it")->required();
    options.value("tenant", tenant_, "NAME", "Whose job; default: all tenants are searched");
    json_.declare(options);
  }

  Status check() override {
    DOVETAIL_TRY(id_, parse_job_id(id_text_));
    return {};
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const auto tenants, app.tenants(tenant_));
    DOVETAIL_TRY(store::Database* const database, app.database());
    for (const store::TenantRecord& tenant : tenants) {
      store::JobRepository jobs({*database, tenant.id}, app.ids());
      DOVETAIL_TRY(const auto job, jobs.get(id_));
      if (!job) {
        continue;
      }
      DOVETAIL_TRY(const auto problems, jobs.problems(id_));
      DOVETAIL_TRY(const auto lines, jobs.log_lines(id_));
      DOVETAIL_TRY(const std::string connection, connection_name(app, *database, tenant, job->connection));
      if (json_.json) {
        show_json(app, tenant, connection, *job, problems, lines);
      } else {
        show(app, tenant, connection, *job, problems, lines);
      }
      return ExitCode::ok;
    }
    return not_found(fmt::format("there is no job {}: `dovetail job list` shows the latest ones", id_.value));
  }

private:
  // Jobs outlive their connections.
  static Result<std::string> connection_name(App& app, store::Database& database, const store::TenantRecord& tenant,
                                             ConnectionId id) {
    DOVETAIL_TRY(const auto connection, store::ConnectionRepository({database, tenant.id}, app.ids()).get(id));
    return connection ? connection->settings.name : fmt::format("{} (removed)", id.value);
  }

  static std::array<std::pair<std::string_view, std::int64_t>, 10> named(const store::JobCounters& counts) {
    return {{{"fetched", counts.fetched},
             {"created", counts.created},
             {"updated", counts.updated},
             {"unchanged", counts.unchanged},
             {"skipped", counts.skipped},
             {"failed", counts.failed},
             {"removed", counts.removed},
             {"conflicts", counts.conflicts},
             {"requests", counts.requests},
             {"not_modified", counts.not_modified}}};
  }

  static void show_json(App& app, const store::TenantRecord& tenant, const std::string& connection,
                        const store::JobRecord& job, const std::vector<store::JobProblem>& problems,
                        const std::vector<store::JobLogLine>& lines) {
    json::Writer writer(json::Layout::pretty);
    const auto time = [&writer](std::string_view name, const std::optional<Timestamp>& value) {
      writer.key(name);
      value ? writer.value(format_iso8601(*value)) : writer.null();
    };
    writer.begin_object();
    writer.member("job", id_text(job.id)).member("tenant", tenant.name).member("connection", connection);
    writer.member("provider", job.provider)
        .member("object", job.object)
        .member("kind", job.kind)
        .member("mode", job.mode);
    writer.member("rule_revision", job.rule_revision);
    writer.member("state", store::to_string(job.state)).member("attempt", job.attempt).member("worker", job.worker);
    time("created_at", job.created_at);
    time("started_at", job.started_at);
    time("finished_at", job.finished_at);
    for (const auto& [name, count] : named(job.counters)) {
      writer.member(name, count);
    }
    writer.member("error_code", job.error_code).member("error", job.error_message);
    writer.key("problems").begin_array();
    for (const store::JobProblem& problem : problems) {
      writer.begin_object();
      writer.member("subject", problem.subject).member("code", problem.code).member("occurrences", problem.occurrences);
      writer.member("message", problem.message);
      writer.key("samples").begin_array();
      for (const std::string& sample : problem.samples) {
        writer.value(sample);
      }
      writer.end_array().end_object();
    }
    writer.end_array();
    writer.key("log").begin_array();
    for (const store::JobLogLine& line : lines) {
      writer.begin_object();
      writer.member("at", format_iso8601(line.at)).member("level", line.level).member("message", line.message);
      writer.end_object();
    }
    writer.end_array().end_object();
    app.console().say_json(std::move(writer));
  }

  static void show(App& app, const store::TenantRecord& tenant, const std::string& connection,
                   const store::JobRecord& job, const std::vector<store::JobProblem>& problems,
                   const std::vector<store::JobLogLine>& lines) {
    Console& console = app.console();
    const auto line = [&console](std::string_view name, const std::string& value) {
      console.say(fmt::format("{:<13}{}", name, value));
    };
    line("Job", id_text(job.id));
    line("Of", fmt::format("{}, connection {} ({}), object {}", tenant.name, connection, job.provider, job.object));
    line("Kind", fmt::format("{}, {}", job.kind, job.mode));
    line("Rule", job.rule_revision == 0 ? "none: as the manifest says" : fmt::format("revision {}", job.rule_revision));
    line("State", std::string(store::to_string(job.state)));
    line("Created", format_iso8601(job.created_at));
    line("Started", job.started_at ? format_iso8601(*job.started_at) : "-");
    line("Finished", job.finished_at ? format_iso8601(*job.finished_at) : "-");
    for (const auto& [name, count] : named(job.counters)) {
      line(name, fmt::format("{}", count));
    }
    if (!job.error_message.empty()) {
      line("Error", fmt::format("{} ({})", job.error_message, job.error_code));
    }
    if (!problems.empty()) {
      console.say("\nProblems");
      const auto rows = console.rows(Format::table, {{"subject"}, {"code"}, {"times", true}, {"message"}, {"samples"}});
      for (const store::JobProblem& problem : problems) {
        rows->row({problem.subject, problem.code, problem.occurrences, console.redact(problem.message),
                   console.redact(fmt::format("{}", fmt::join(problem.samples, " | ")))});
      }
      rows->finish();
    }
    if (!lines.empty()) {
      console.say("\nLog");
      for (const store::JobLogLine& entry : lines) {
        console.say(fmt::format("{} {:<8}{}", format_iso8601(entry.at), entry.level, printable(entry.message)));
      }
    }
  }

  std::string id_text_;
  JobId id_;
  std::string tenant_;
  JsonOption json_;
};

} // namespace

std::vector<CommandSpec> job_commands() {
  return {command<JobList>("job list", "Lists the latest jobs", "job list --tenant acme --state failed"),
          command<JobShow>("job show", "Shows a job with its problems and its log", "job show 123456789012345678")};
}

} // namespace dovetail::cli
