// SPDX-License-Identifier: Apache-2.0
#include "core/store/limiter_snapshot_repository.hpp"

#include <chrono>
#include <string>

#include "core/json/document.hpp"
#include "core/json/writer.hpp"
#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Sql;

constexpr Sql upsert_snapshot = "INSERT INTO limiter_snapshot (scope, body, saved_at) VALUES ($1, $2, $3)"
                                " ON CONFLICT (scope) DO UPDATE SET body = excluded.body, saved_at = excluded.saved_at";
constexpr Sql select_snapshot = "SELECT body FROM limiter_snapshot WHERE scope = $1";

/// {"taken_at": us, "final": bool, "entries": [[provider, tenant, connection, next_free, blocked_until, paced_until,
/// paced_interval], ...]}, all times in microseconds.
constexpr std::size_t entry_size = 7;

std::string to_json(const limits::Snapshot& snapshot) {
  json::Writer writer;
  writer.begin_object();
  writer.member("taken_at", snapshot.taken_at.time_since_epoch().count());
  writer.member("final", snapshot.final);
  writer.key("entries").begin_array();
  for (const auto& entry : snapshot.entries) {
    writer.begin_array()
        .string(entry.key.provider)
        .integer(entry.key.tenant.value)
        .integer(entry.key.connection.value)
        .integer(entry.next_free.time_since_epoch().count())
        .integer(entry.blocked_until.time_since_epoch().count())
        .integer(entry.paced_until.time_since_epoch().count())
        .integer(entry.paced_interval.count())
        .end_array();
  }
  writer.end_array().end_object();
  return std::move(writer).take();
}

Timestamp instant(std::int64_t micros) { return Timestamp(std::chrono::microseconds(micros)); }

Result<limits::Snapshot> read_document(const json::Value& root) {
  limits::Snapshot snapshot;
  DOVETAIL_TRY(const std::int64_t taken_at, root.get_int64("/taken_at"));
  DOVETAIL_TRY(snapshot.final, root.get_bool("/final"));
  DOVETAIL_TRY(const json::Value entries, root.get_array("/entries"));
  snapshot.taken_at = instant(taken_at);
  snapshot.entries.reserve(entries.size());
  for (const json::Value entry : entries.elements()) {
    if (entry.size() != entry_size) {
      return invalid_argument("an entry of the snapshot has another size");
    }
    limits::Snapshot::Entry read;
    DOVETAIL_TRY(const std::string_view provider, entry[0].get_string());
    read.key.provider = provider;
    DOVETAIL_TRY(read.key.tenant.value, entry[1].get_int64());
    DOVETAIL_TRY(read.key.connection.value, entry[2].get_int64());
    DOVETAIL_TRY(const std::int64_t next_free, entry[3].get_int64());
    DOVETAIL_TRY(const std::int64_t blocked_until, entry[4].get_int64());
    DOVETAIL_TRY(const std::int64_t paced_until, entry[5].get_int64());
    DOVETAIL_TRY(const std::int64_t paced_interval, entry[6].get_int64());
    read.next_free = instant(next_free);
    read.blocked_until = instant(blocked_until);
    read.paced_until = instant(paced_until);
    read.paced_interval = std::chrono::microseconds(paced_interval);
    snapshot.entries.push_back(std::move(read));
  }
  return snapshot;
}

} // namespace

Status LimiterSnapshotRepository::save(std::string_view scope, const limits::Snapshot& snapshot) {
  const std::string body = to_json(snapshot);
  if (body.size() > max_snapshot_bytes) {
    return resource_exhausted("the rate limiter's snapshot has " + std::to_string(body.size()) +
                              " bytes, more than can be stored");
  }
  return database_.with_operator_write([&](Transaction& transaction) {
    return Query(transaction, upsert_snapshot, "storing the rate limiter's snapshot")
        .bind(scope)
        .bind(body)
        .bind(database_.clock().now())
        .execute_only();
  });
}

Result<std::optional<limits::Snapshot>> LimiterSnapshotRepository::load(std::string_view scope) {
  DOVETAIL_TRY(const auto row, database_.with_operator_read([&](ReadSession& session) {
    return Query(session, select_snapshot, "reading the rate limiter's snapshot").bind(scope).row(1);
  }));
  if (!row) {
    return std::optional<limits::Snapshot>();
  }
  const auto document = json::Document::parse(row->text(0), {.max_bytes = max_snapshot_bytes});
  Result<limits::Snapshot> snapshot =
      document.ok() ? read_document(document->root()) : Result<limits::Snapshot>(document.error());
  if (!snapshot.ok()) {
    return data_loss("the rate limiter's stored snapshot cannot be read: " + snapshot.error().message);
  }
  return std::optional<limits::Snapshot>(std::move(snapshot).value());
}

} // namespace dovetail::store
