// SPDX-License-Identifier: Apache-2.0
// The part of SyncService that looks for rows which a provider's records may be (SYNC-13).
#include <string>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "core/store/match_links.hpp"
#include "core/sync/ready_connection.hpp"
#include "core/sync/sync_service.hpp"

namespace dovetail::sync {

Result<MatchReview> SyncService::review_matches(const store::TenantRecord& tenant,
                                                const store::ConnectionRecord& connection, std::string_view object,
                                                const SyncOptions& options, const std::stop_token& stop,
                                                ProgressListener* progress) {
  DOVETAIL_TRY(auto ready, make_ready(tenant, connection, Use::dry_run, stop));
  const auto* wanted = ready->provider.find_object(object);
  if (wanted == nullptr) {
    return not_found(fmt::format("The provider \"{}\" has no object \"{}\".", ready->provider.provider_key, object));
  }
  if (wanted->match_by.empty()) {
    return failed_precondition(
        fmt::format("The object \"{}\" has no rules to match by: name fields of its model in the "
                    "manifest's \"matchBy\".",
                    object));
  }
  DryRunParents parents;
  DOVETAIL_TRY(auto task, make_task(*ready, *wanted, &parents, stop));
  // What its rule leaves out is not to be linked either.
  DOVETAIL_TRY(const auto rules, rules_of(*ready));
  if (const auto rule = rules.find(wanted->key); rule != rules.end()) {
    if (!rule->second.ok()) {
      return rule->second.error();
    }
    task.rule = *rule->second;
    task.on_stale_mapping = task.rule->on_stale_mapping;
  }
  const store::TenantScope scope{parts_.database, tenant.id};
  DOVETAIL_TRY(const auto links, store::read_links(scope, connection.id, object));
  std::unordered_set<std::string> linked_records;
  std::unordered_set<std::int64_t> linked_rows;
  for (const auto& link : links) {
    linked_records.insert(link.external_id);
    linked_rows.insert(link.row.value);
  }
  MatchReview review;
  review.subject = {tenant.name, connection.settings.name, wanted->key, wanted->model};
  review.fields = match_fields(wanted->match_by);
  MatchRecords records(*task.model, review.fields, std::move(linked_records));
  task.mapped = &records;
  SyncOptions reading = options;
  reading.dry_run = true;
  reading.full = true;
  ObjectReport report;
  report.tenant = tenant.name;
  report.provider = ready->provider.provider_key;
  report.connection = connection.settings.name;
  ObjectSync({.database = parts_.database,
              .ids = parts_.ids,
              .clock = parts_.clock,
              .logger = parts_.logger,
              .redactor = parts_.redactor},
             parts_.tuning)
      .run(task, reading, stop, progress, report);
  if (report.error) {
    return std::move(*report.error);
  }
  review.records = records.take();
  review.linked = records.linked();
  DOVETAIL_TRY(review.rows, read_match_rows(scope, *task.model, review.fields, linked_rows));
  review.suggestions = suggest_matches(review.fields.rules, review.records, review.rows);
  return review;
}

} // namespace dovetail::sync
