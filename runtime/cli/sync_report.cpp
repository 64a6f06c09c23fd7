// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/sync_report.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "runtime/cli/output.hpp"

namespace dovetail::cli {
namespace {

double seconds(std::chrono::milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

// Tenths are what a person compares.
Cell rounded_seconds(std::chrono::milliseconds duration) { return fmt::format("{:.1f}", seconds(duration)); }

void write_counts(json::Writer& writer, const sync::SyncCounts& counts) {
  writer.member("fetched", counts.fetched).member("created", counts.created).member("updated", counts.updated);
  writer.member("unchanged", counts.unchanged).member("skipped", counts.skipped);
  writer.member("skipped_children", counts.skipped_children).member("failed", counts.failed);
  writer.member("unmatched", counts.unmatched).member("corrected", counts.corrected);
  writer.member("removed", counts.removed)
      .member("conflicts", counts.conflicts)
      .member("field_errors", counts.field_errors);
  writer.member("requests", counts.requests).member("not_modified", counts.not_modified).member("pages", counts.pages);
}

void write_error(json::Writer& writer, const Error& error) {
  writer.begin_object();
  writer.member("code", to_string(error.code)).member("message", error.message).member("retry", to_string(error.retry));
  if (error.retry_after.count() > 0) {
    writer.member("retry_after_ms", error.retry_after.count());
  }
  if (error.http_status != 0) {
    writer.member("http_status", error.http_status);
  }
  if (!error.provider_request_id.empty()) {
    writer.member("provider_request_id", error.provider_request_id);
  }
  writer.end_object();
}

void write_object(json::Writer& writer, const sync::ObjectReport& report) {
  writer.begin_object();
  writer.member("tenant", report.tenant).member("provider", report.provider).member("connection", report.connection);
  writer.member("object", report.object);
  writer.key("job");
  report.job.valid() ? writer.value(id_text(report.job)) : writer.null();
  write_counts(writer, report.counts);
  writer.member("seconds", seconds(report.duration)).member("resumed", report.resumed);
  writer.member("dry_run", report.dry_run).member("left_out", report.left_out);
  writer.key("notes").begin_array();
  for (const std::string& note : report.notes) {
    writer.value(note);
  }
  writer.end_array();
  writer.member("partial", !report.partial.empty());
  if (!report.partial.empty()) {
    writer.member("partial_because", report.partial);
  }
  writer.key("error");
  if (report.error) {
    write_error(writer, *report.error);
  } else {
    writer.null();
  }
  writer.end_object();
}

std::chrono::milliseconds total_duration(const SyncOutcome& outcome) {
  std::chrono::milliseconds sum{0};
  for (const sync::ObjectReport& report : outcome.objects) {
    sum += report.duration;
  }
  return sum;
}

/// Which columns are worth their room.
struct Shown {
  explicit Shown(const SyncOutcome& outcome) {
    std::set<std::pair<std::string, std::string>> places;
    std::set<std::string> tenants;
    for (const sync::ObjectReport& report : outcome.objects) {
      places.emplace(report.tenant, report.connection);
      tenants.insert(report.tenant);
    }
    connection = places.size() > tenants.size();
    const sync::SyncCounts total = outcome.total();
    removed = total.removed > 0;
    skipped = total.skipped > 0;
  }
  bool connection = false;
  bool removed = false;
  bool skipped = false;
};

std::vector<Cell> cells_of(const Shown& shown, const std::string& tenant, const std::string& connection, Cell object,
                           const sync::SyncCounts& counts, std::chrono::milliseconds duration) {
  std::vector<Cell> cells{tenant};
  if (shown.connection) {
    cells.emplace_back(connection);
  }
  cells.insert(cells.end(), {std::move(object), counts.fetched, counts.created, counts.updated, counts.unchanged});
  if (shown.removed) {
    cells.emplace_back(counts.removed);
  }
  if (shown.skipped) {
    cells.emplace_back(counts.skipped);
  }
  cells.insert(cells.end(), {counts.failed, counts.requests, counts.not_modified, rounded_seconds(duration)});
  return cells;
}

void print_table(Console& console, const SyncOutcome& outcome) {
  const Shown shown(outcome);
  std::vector<Column> columns{{"tenant"}};
  if (shown.connection) {
    columns.push_back({"connection"});
  }
  columns.insert(columns.end(),
                 {{"object"}, {"fetched", true}, {"created", true}, {"updated", true}, {"unchanged", true}});
  if (shown.removed) {
    columns.push_back({"removed", true});
  }
  if (shown.skipped) {
    columns.push_back({"skipped", true});
  }
  columns.insert(columns.end(), {{"failed", true}, {"requests", true}, {"304", true}, {"seconds", true}});
  const auto rows = console.rows(Format::table, std::move(columns));
  for (const sync::ObjectReport& report : outcome.objects) {
    rows->row(cells_of(shown, report.tenant, report.connection, report.object, report.counts, report.duration));
  }
  rows->row(cells_of(shown, "total", "", nullptr, outcome.total(), total_duration(outcome)));
  rows->finish();
}

void print_remarks(Console& console, const SyncOutcome& outcome) {
  for (const sync::ObjectReport& report : outcome.objects) {
    const std::string place = fmt::format("{}/{} {}", report.tenant, report.connection, report.object);
    const std::string details =
        report.job.valid() ? fmt::format(": `dovetail job show {}` says more", id_text(report.job)) : std::string();
    if (report.error) {
      console.fail(fmt::format("{}: {}", place, report.error->message));
    }
    if (report.left_out) {
      console.note(
          fmt::format("{}: its rule is disabled, so it was left out; `dovetail rule enable` changes that", place));
    }
    if (report.dry_run && !outcome.dry_run) {
      console.note(fmt::format("{}: only tried, as its rule says: nothing of it was written", place));
    }
    for (const std::string& note : report.notes) {
      console.note(fmt::format("{}: {}", place, note));
    }
    if (report.counts.unmatched > 0) {
      console.note(fmt::format("{}: {} records fit no row and, by its rule, made none: they wait to be matched", place,
                               report.counts.unmatched));
    }
    if (report.counts.corrected > 0) {
      console.note(
          fmt::format("{}: {} rows got their own fields put right by their policies", place, report.counts.corrected));
    }
    if (!report.partial.empty()) {
      console.note(fmt::format("{}: partial. {}", place, report.partial));
    }
    if (report.counts.failed > 0) {
      console.note(
          fmt::format("{}: {} records have no usable id and were left out{}", place, report.counts.failed, details));
    }
    if (report.counts.skipped_children > 0) {
      console.note(fmt::format("{}: {} records are children of others and were left out", place,
                               report.counts.skipped_children));
    }
    if (report.counts.field_errors > 0) {
      console.note(fmt::format("{}: {} values did not fit their fields and are null{}", place,
                               report.counts.field_errors, details));
    }
    if (report.counts.conflicts > 0) {
      console.note(fmt::format("{}: {} new records fit more than one row and got rows of their own{}", place,
                               report.counts.conflicts, details));
    }
  }
  for (const FailedConnection& failed : outcome.connections) {
    console.fail(fmt::format("{}/{}: {}", failed.tenant, failed.connection, failed.error.message));
  }
}

Status write_file(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  const std::filesystem::path draft = path.string() + ".new";
  if (!error) {
    std::ofstream file(draft, std::ios::binary | std::ios::trunc);
    file << text << '\n';
    file.close();
    if (file) {
      std::filesystem::rename(draft, path, error);
      return error ? Status(unavailable(
                         fmt::format("the report {} cannot be written: {}", path.string(), error.message())))
                   : Status();
    }
  }
  return unavailable(
      fmt::format("the report {} cannot be written: choose another place with --report-dir", path.string()));
}

} // namespace

bool SyncOutcome::ok() const noexcept {
  return connections.empty() &&
         std::none_of(objects.begin(), objects.end(), [](const auto& report) { return report.error.has_value(); });
}

sync::SyncCounts SyncOutcome::total() const {
  sync::SyncCounts sum;
  for (const sync::ObjectReport& report : objects) {
    sum += report.counts;
  }
  return sum;
}

void print_outcome(Console& console, const SyncOutcome& outcome) {
  if (outcome.dry_run) {
    console.say("A dry run: nothing was written. What a sync would do:");
  }
  if (!outcome.objects.empty()) {
    print_table(console, outcome);
  }
  print_remarks(console, outcome);
}

void write_outcome(json::Writer& writer, const SyncOutcome& outcome) {
  writer.begin_object().member("ok", outcome.ok()).member("dry_run", outcome.dry_run);
  writer.key("objects").begin_array();
  for (const sync::ObjectReport& report : outcome.objects) {
    write_object(writer, report);
  }
  writer.end_array();
  writer.key("failed_connections").begin_array();
  for (const FailedConnection& failed : outcome.connections) {
    writer.begin_object();
    writer.member("tenant", failed.tenant).member("provider", failed.provider).member("connection", failed.connection);
    writer.key("error");
    write_error(writer, failed.error);
    writer.end_object();
  }
  writer.end_array();
  writer.key("total").begin_object();
  write_counts(writer, outcome.total());
  writer.member("seconds", seconds(total_duration(outcome))).end_object().end_object();
}

Result<std::filesystem::path> write_dry_run_report(const std::filesystem::path& directory,
                                                   const std::vector<sync::ObjectReport>& reports, Timestamp now,
                                                   const Console& console) {
  const sync::ObjectReport& first = reports.front();
  const std::filesystem::path path =
      directory / first.tenant / fmt::format("{}_integration_report_{}.json", first.provider, first.connection);
  json::Writer writer(json::Layout::pretty);
  writer.begin_object();
  writer.member("tenant", first.tenant).member("provider", first.provider).member("connection", first.connection);
  writer.member("generated_at", format_iso8601(now));
  writer.key("outcome");
  write_outcome(writer, {.dry_run = true, .objects = reports, .connections = {}});
  writer.end_object();
  DOVETAIL_TRY_STATUS(write_file(path, console.redact(writer.view())));
  return path;
}

} // namespace dovetail::cli
