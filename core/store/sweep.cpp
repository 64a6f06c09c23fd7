// SPDX-License-Identifier: Apache-2.0
#include "core/store/sweep.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include <fmt/format.h>

#include "core/store/query.hpp"
#include "core/store/sweep_statements.hpp"

namespace dovetail::store {
namespace {

using namespace detail; // NOLINT(google-build-using-namespace): this file is the other half of those declarations

constexpr std::int64_t pages_per_deletion = 1'000;

/// The hashes of one part of all external ids that the pass saw.
class SeenHashes {
public:
  void clear() { hashes_.clear(); }
  void add(std::string_view seen, std::uint64_t part, std::uint64_t parts) {
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= seen.size(); at += sizeof(std::uint64_t)) {
      std::uint64_t hash = 0;
      for (unsigned byte = 0; byte < sizeof hash; ++byte) {
        hash |= std::uint64_t{static_cast<unsigned char>(seen[at + byte])} << (8U * byte);
      }
      if (hash % parts == part) {
        hashes_.push_back(hash);
      }
    }
  }
  void seal() { std::sort(hashes_.begin(), hashes_.end()); }
  [[nodiscard]] bool contains(std::uint64_t hash) const {
    return std::binary_search(hashes_.begin(), hashes_.end(), hash);
  }

private:
  std::vector<std::uint64_t> hashes_;
};

class Sweep {
public:
  Sweep(Database& database, const SweepRequest& request, const SweepTuning& tuning)
      : database_(database), request_(request), tuning_(tuning), plan_(make_sweep_plan(request, database.dialect())) {}

  Result<SweepOutcome> run() {
    if (request_.policy != DeletionPolicy::ignore) {
      DOVETAIL_TRY_STATUS(count_seen());
      std::int64_t missing = 0;
      DOVETAIL_TRY_STATUS(for_each_missing([&missing](const SweepLink&) -> Status {
        ++missing;
        return {};
      }));
      DOVETAIL_TRY_STATUS(check_share(missing));
      if (missing > 0) {
        DOVETAIL_TRY_STATUS(remove_missing());
      }
    }
    DOVETAIL_TRY_STATUS(forget_older_passes());
    return outcome_;
  }

private:
  using OnMissing = std::function<Status(const SweepLink&)>;

  Query& bind_object(Query& query) {
    return query.bind(request_.tenant).bind(request_.connection).bind(request_.object);
  }

  Status count_seen() {
    return database_.with_read(request_.tenant, [this](ReadSession& session) -> Status {
      Query seen(session,
                 Sql("SELECT coalesce(sum(length(seen) / 8), 0) FROM page_state WHERE tenant_id = $1 AND connection_id "
                     "= $2 AND object = $3 "
                     "AND pass_id = $4",
                     "SELECT coalesce(sum(octet_length(seen) / 8), 0)::bigint FROM page_state WHERE tenant_id = "
                     "$1::bigint AND "
                     "connection_id = $2::bigint AND object = $3 AND pass_id = $4::bigint"),
                 "counting what a pass saw");
      DOVETAIL_TRY(const auto seen_row, bind_object(seen).bind(request_.pass_id).row(1));
      DOVETAIL_TRY(outcome_.seen, seen_row->integer(0));
      Query active(session,
                   "SELECT count(*) FROM external_link WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 AND "
                   "state = 'active' AND "
                   "model = $4",
                   "counting links");
      DOVETAIL_TRY(const auto active_row, bind_object(active).bind(request_.model->name).row(1));
      DOVETAIL_TRY(outcome_.active, active_row->integer(0));
      return {};
    });
  }

  Status check_share(std::int64_t missing) const {
    const auto share = outcome_.active == 0 ? 0.0 : static_cast<double>(missing) / static_cast<double>(outcome_.active);
    const bool saw_nothing = outcome_.seen == 0 && outcome_.active > 0 && request_.max_share < 1.0;
    if (!saw_nothing && (missing <= request_.always_allowed || share <= request_.max_share)) {
      return {};
    }
    return failed_precondition(fmt::format("Object \"{}\": the full read {} {} of {} active records, above the {:.0f} "
                                           "% that may disappear at once, so nothing was changed. Look at "
                                           "the source and at what this connection may see there. If they are really "
                                           "gone, run the sync once more with a higher --max-removed.",
                                           request_.object,
                                           saw_nothing ? "came back empty and would remove all" : "did not see",
                                           missing, outcome_.active, request_.max_share * 100));
  }

  Status load_seen(std::uint64_t part, std::uint64_t parts) {
    seen_.clear();
    std::string after;
    bool more = true;
    bool first = true;
    while (more) {
      auto rows = database_.with_read(request_.tenant, [&](ReadSession& session) {
        Query query(session,
                    "SELECT page_key, seen FROM page_state WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 "
                    "AND pass_id = $4 AND "
                    "page_key >= $5 ORDER BY page_key LIMIT $6",
                    "reading what a pass saw");
        return bind_object(query)
            .bind(request_.pass_id)
            .bind(after)
            .bind(static_cast<std::int64_t>(tuning_.pages_per_read + 1))
            .rows(2, {1});
      });
      if (!rows.ok()) {
        return std::move(rows).error();
      }
      // Keys may be empty, so the last one is read again instead of asking for what is greater than nothing.
      for (std::size_t i = first ? 0 : 1; i < rows->size(); ++i) {
        seen_.add((*rows)[i].text(1), part, parts);
      }
      more = rows->size() > tuning_.pages_per_read;
      first = false;
      after = rows->empty() ? std::string() : rows->back().text(0);
    }
    seen_.seal();
    return {};
  }

  // Every active link whose external id the pass did not see. Links come in the order of their ids once for each part of the hashes.
  Status for_each_missing(const OnMissing& on_missing) {
    const auto parts = static_cast<std::uint64_t>(outcome_.seen) / tuning_.hashes_in_memory + 1;
    std::vector<SweepLink> links;
    for (std::uint64_t part = 0; part < parts; ++part) {
      DOVETAIL_TRY_STATUS(load_seen(part, parts));
      std::string after;
      do {
        DOVETAIL_TRY_STATUS(database_.with_read(request_.tenant, [&](ReadSession& session) {
          return scan_links(session, plan_, after, tuning_.links_per_read, links);
        }));
        for (const SweepLink& link : links) {
          if (link.external_hash % parts == part && !seen_.contains(link.external_hash)) {
            DOVETAIL_TRY_STATUS(on_missing(link));
          }
        }
        after = links.empty() ? std::string() : links.back().external_id;
      } while (links.size() == tuning_.links_per_read);
    }
    return {};
  }

  Status remove_missing() {
    std::vector<SweepLink> batch;
    const auto flush = [&]() -> Status {
      DOVETAIL_TRY_STATUS(remove(batch));
      outcome_.removed += static_cast<std::int64_t>(batch.size());
      batch.clear();
      return {};
    };
    DOVETAIL_TRY_STATUS(for_each_missing([&](const SweepLink& link) -> Status {
      batch.push_back(link);
      return batch.size() < tuning_.links_per_transaction ? Status() : flush();
    }));
    return batch.empty() ? Status() : flush();
  }

  Status remove(std::span<const SweepLink> links) {
    const RowState state = request_.policy == DeletionPolicy::soft_delete ? RowState::deleted : RowState::inactive;
    return database_.with_write(request_.tenant, [&](Transaction& transaction) -> Status {
      const Timestamp now = database_.clock().now();
      DOVETAIL_TRY_STATUS(guard(transaction, static_cast<std::int64_t>(links.size()), now));
      return remove_links(transaction, plan_, links, state, now);
    });
  }

  // Holds the lease until the transaction ends, and counts.
  Status guard(Transaction& transaction, std::int64_t removed, Timestamp now) {
    Query lease(transaction,
                Sql("SELECT 1 FROM object_lease WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 AND job_id "
                    "= $4 AND fence = $5",
                    "SELECT 1 FROM object_lease WHERE tenant_id = $1::bigint AND connection_id = $2::bigint AND object "
                    "= $3 AND "
                    "job_id = $4::bigint AND fence = $5::bigint FOR NO KEY UPDATE"),
                "checking the lease of an object");
    DOVETAIL_TRY(const auto held, bind_object(lease).bind(request_.job).bind(request_.fence).row(1));
    std::int64_t counted = 0;
    if (held) {
      Query count(transaction,
                  "UPDATE job SET removed = removed + $1, updated_at = $2 WHERE tenant_id = $3 AND job_id = $4 AND "
                  "state = 'running'",
                  "counting removed records");
      DOVETAIL_TRY(counted, count.bind(removed).bind(now).bind(request_.tenant).bind(request_.job).execute());
    }
    if (counted != 1) {
      Error lost =
          aborted(fmt::format("Job {} may no longer write object \"{}\": it has ended or lost its lease. What it "
                              "removed before stays removed.",
                              request_.job.value, request_.object));
      lost.retry = RetryClass::never; // what was lost stays lost
      return lost;
    }
    return {};
  }

  // Not those of this pass that have no key of their own: an interrupted sweep needs them again. The next one drops them.
  Status forget_older_passes() {
    constexpr Sql sql = {
        "DELETE FROM page_state WHERE rowid IN (SELECT rowid FROM page_state WHERE tenant_id = $1 AND "
        "connection_id = $2 AND object = $3 AND pass_id <> $4 LIMIT $5)",
        "DELETE FROM page_state WHERE ctid = ANY (ARRAY(SELECT ctid FROM page_state WHERE tenant_id = $1::bigint AND "
        "connection_id = $2::bigint AND object = $3 AND pass_id <> $4::bigint LIMIT $5::bigint))"};
    std::int64_t deleted = pages_per_deletion;
    while (deleted == pages_per_deletion) {
      DOVETAIL_TRY(deleted,
                   database_.with_write(request_.tenant, [&](Transaction& transaction) -> Result<std::int64_t> {
                     DOVETAIL_TRY_STATUS(guard(transaction, 0, database_.clock().now()));
                     Query query(transaction, sql, "forgetting older passes");
                     return bind_object(query).bind(request_.pass_id).bind(pages_per_deletion).execute();
                   }));
    }
    return {};
  }

  Database& database_;
  const SweepRequest& request_;
  const SweepTuning& tuning_;
  SweepPlan plan_;
  SeenHashes seen_;
  SweepOutcome outcome_;
};

} // namespace

Result<SweepOutcome> sweep(Database& database, const SweepRequest& request, const SweepTuning& tuning) {
  DOVETAIL_TRY_STATUS(check_tables(request.models));
  return Sweep(database, request, tuning).run();
}

} // namespace dovetail::store
