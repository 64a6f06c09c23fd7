// SPDX-License-Identifier: Apache-2.0
#include "core/store/match_links.hpp"

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/json/writer.hpp"
#include "core/mapping/hash.hpp"
#include "core/store/model_table.hpp"
#include "core/store/page_writer_plan.hpp"
#include "core/store/page_writer_text.hpp"
#include "core/store/query.hpp"

namespace dovetail::store {
namespace {

using detail::Query;
using detail::Row;
using detail::Sql;

constexpr std::size_t links_a_query = 50'000;
/// Pairs that one statement takes; more statements follow in the same transaction.
constexpr std::size_t pairs_a_statement = 5'000;
/// So many of what is wrong are named.
constexpr std::size_t max_named = 10;

constexpr Sql select_links = "SELECT external_id, row_id FROM external_link"
                             " WHERE tenant_id = $1 AND connection_id = $2 AND object = $3 AND external_id > $4"
                             " ORDER BY external_id LIMIT $5";

constexpr Sql insert_links = {
    "INSERT INTO external_link (tenant_id, connection_id, object, external_id, external_hash, model, row_id, "
    "content_hash, state, pass_id, first_seen_at, last_changed_at)"
    " SELECT $1, $2, $3, json_extract(p.value, '$.e'), json_extract(p.value, '$.h'), $4, json_extract(p.value, '$.r'), "
    "0, 'active', 0, $5, $5 FROM json_each($6) AS p",
    "INSERT INTO external_link (tenant_id, connection_id, object, external_id, external_hash, model, row_id, "
    "content_hash, state, pass_id, first_seen_at, last_changed_at)"
    " SELECT CAST($1 AS bigint), CAST($2 AS bigint), CAST($3 AS text), p.e, p.h, CAST($4 AS text), p.r, 0, 'active', 0,"
    " CAST($5 AS timestamptz), CAST($5 AS timestamptz)"
    " FROM json_to_recordset(CAST($6 AS json)) AS p(e text, h bigint, r bigint)"};

// The next pass trusts no earlier page: a record that came before, and was not taken, has a row now.
constexpr Sql read_anew = "UPDATE sync_state SET mapping_signature = '', updated_at = $1"
                          " WHERE tenant_id = $2 AND connection_id = $3 AND object = $4 AND parent_id = ''";

/// What is wrong with pairs, gathered for one message.
class Complaints {
public:
  void add(std::string what) {
    if (named_.size() < max_named) {
      named_.push_back(std::move(what));
    }
    ++count_;
  }
  [[nodiscard]] bool any() const noexcept { return count_ > 0; }
  [[nodiscard]] std::string text() const {
    std::string all = "Nothing was confirmed: ";
    for (std::size_t i = 0; i < named_.size(); ++i) {
      all += (i == 0 ? "" : "; ") + named_[i];
    }
    return all + (count_ > named_.size() ? fmt::format("; and {} more.", count_ - named_.size()) : std::string("."));
  }

private:
  std::vector<std::string> named_;
  std::size_t count_ = 0;
};

Status check_pairs(std::span<const MatchPair> pairs) {
  if (pairs.size() > max_match_pairs) {
    return invalid_argument(fmt::format("At most {} pairs can be confirmed at once: split the file.", max_match_pairs));
  }
  Complaints wrong;
  std::unordered_set<std::string_view> records;
  std::unordered_set<std::int64_t> rows;
  for (const MatchPair& pair : pairs) {
    const std::string record = detail::shown_id(pair.external_id);
    if (pair.external_id.empty() || pair.external_id.size() > limits::max_external_id_bytes ||
        !is_storable_text(pair.external_id)) {
      wrong.add(fmt::format("the record id \"{}\" is not valid UTF-8 of 1 to {} bytes without U+0000", record,
                            limits::max_external_id_bytes));
    }
    if (!records.insert(pair.external_id).second) {
      wrong.add(fmt::format("record \"{}\" stands there twice", record));
    }
    if (!rows.insert(pair.row.value).second) {
      wrong.add(fmt::format("row {} stands there twice", pair.row.value));
    }
  }
  return wrong.any() ? Status(invalid_argument(wrong.text())) : Status();
}

Result<std::vector<MatchPair>> read_some(ReadSession& session, TenantId tenant, ConnectionId connection,
                                         std::string_view object, const std::string& after) {
  DOVETAIL_TRY(const auto rows, Query(session, select_links, "reading links")
                                    .bind(tenant)
                                    .bind(connection)
                                    .bind(object)
                                    .bind(after)
                                    .bind(static_cast<std::int64_t>(links_a_query))
                                    .rows(2));
  std::vector<MatchPair> links;
  links.reserve(rows.size());
  for (const Row& row : rows) {
    DOVETAIL_TRY(const RowId id, row.id<RowTag>(1));
    links.push_back({row.text(0), id});
  }
  return links;
}

/// All links of an object; `read` gives those behind an external id.
template <typename Read> Result<std::vector<MatchPair>> read_all(std::string_view object, const Read& read) {
  std::vector<MatchPair> all;
  for (bool more = true; more;) {
    DOVETAIL_TRY(std::vector<MatchPair> next, read(all.empty() ? std::string() : all.back().external_id));
    more = next.size() == links_a_query;
    all.insert(all.end(), std::make_move_iterator(next.begin()), std::make_move_iterator(next.end()));
    if (all.size() > max_match_links) {
      return resource_exhausted(
          fmt::format("Object \"{}\" has more than {} links: too many to be matched by hand. Let the "
                      "sync match by the manifest's matchBy.",
                      object, max_match_links));
    }
  }
  return all;
}

/// The checks and changes of confirm_matches inside its transaction.
class Confirmation {
public:
  Confirmation(Transaction& transaction, const ObjectLease& lease, const model::Model& model,
               std::span<const MatchPair> pairs, Timestamp now)
      : transaction_(transaction), lease_(lease), model_(model), pairs_(pairs), now_(now) {}

  Status run() {
    DOVETAIL_TRY_STATUS(ObjectLeases::check(transaction_, lease_));
    DOVETAIL_TRY_STATUS(check_links());
    for (std::size_t begin = 0; begin < pairs_.size(); begin += pairs_a_statement) {
      const auto part = pairs_.subspan(begin, std::min(pairs_a_statement, pairs_.size() - begin));
      DOVETAIL_TRY_STATUS(check_rows(part));
      if (!missing_.any()) {
        DOVETAIL_TRY_STATUS(insert(part));
      }
    }
    if (missing_.any()) {
      return not_found(missing_.text());
    }
    return Query(transaction_, read_anew, "having an object read anew")
        .bind(now_)
        .bind(transaction_.tenant())
        .bind(lease_.connection)
        .bind(lease_.object)
        .execute_only();
  }

private:
  Status check_links() {
    DOVETAIL_TRY(const auto links, read_all(lease_.object, [&](const std::string& after) {
                   return read_some(transaction_, transaction_.tenant(), lease_.connection, lease_.object, after);
                 }));
    std::unordered_map<std::string_view, std::int64_t> row_of;
    std::unordered_map<std::int64_t, std::string_view> record_of;
    for (const MatchPair& link : links) {
      row_of.emplace(link.external_id, link.row.value);
      record_of.emplace(link.row.value, link.external_id);
    }
    Complaints taken;
    for (const MatchPair& pair : pairs_) {
      if (const auto found = row_of.find(pair.external_id); found != row_of.end()) {
        taken.add(fmt::format("record \"{}\" is linked to row {} already", detail::shown_id(pair.external_id),
                              found->second));
      }
      if (const auto found = record_of.find(pair.row.value); found != record_of.end()) {
        taken.add(
            fmt::format("row {} is linked to record \"{}\" already", pair.row.value, detail::shown_id(found->second)));
      }
    }
    return taken.any() ? Status(already_exists(taken.text())) : Status();
  }

  Status check_rows(std::span<const MatchPair> part) {
    json::Writer ids;
    ids.begin_array();
    for (const MatchPair& pair : part) {
      ids.value(pair.row.value);
    }
    ids.end_array();
    const std::string table = quoted(model_.name);
    const std::string sqlite = fmt::format("SELECT id FROM {} WHERE tenant_id = $1 AND state <> 'deleted' AND id IN "
                                           "(SELECT value FROM json_each($2))",
                                           table);
    const std::string postgresql =
        fmt::format("SELECT id FROM {} WHERE tenant_id = $1 AND state <> 'deleted' AND id IN (SELECT CAST(value AS "
                    "bigint) FROM json_array_elements_text(CAST($2 AS json)))",
                    table);
    DOVETAIL_TRY(const auto rows, Query(transaction_, Sql(sqlite, postgresql), "looking for rows to link")
                                      .bind(transaction_.tenant())
                                      .bind(ids.view())
                                      .rows(1));
    std::unordered_set<std::int64_t> there;
    for (const Row& row : rows) {
      DOVETAIL_TRY(const std::int64_t id, row.integer(0));
      there.insert(id);
    }
    for (const MatchPair& pair : part) {
      if (!there.contains(pair.row.value)) {
        missing_.add(fmt::format("the model \"{}\" has no row {} that could stand for record \"{}\"", model_.name,
                                 pair.row.value, detail::shown_id(pair.external_id)));
      }
    }
    return {};
  }

  Status insert(std::span<const MatchPair> part) {
    json::Writer links;
    links.begin_array();
    for (const MatchPair& pair : part) {
      links.begin_object().member("e", pair.external_id);
      links.member("h", std::bit_cast<std::int64_t>(mapping::hash_text(pair.external_id)));
      links.member("r", pair.row.value).end_object();
    }
    links.end_array();
    DOVETAIL_TRY(const std::int64_t made, Query(transaction_, insert_links, "linking records to rows")
                                              .bind(transaction_.tenant())
                                              .bind(lease_.connection)
                                              .bind(lease_.object)
                                              .bind(model_.name)
                                              .bind(now_)
                                              .bind(links.view())
                                              .execute());
    return made == static_cast<std::int64_t>(part.size())
               ? Status()
               : Status(internal("the database made another number of links than it was told to"));
  }

  Transaction& transaction_;
  const ObjectLease& lease_;
  const model::Model& model_;
  std::span<const MatchPair> pairs_;
  Timestamp now_;
  Complaints missing_;
};

} // namespace

Result<std::vector<MatchPair>> read_links(const TenantScope& scope, ConnectionId connection, std::string_view object) {
  return read_all(object, [&](const std::string& after) {
    return scope.read(
        [&](ReadSession& session) { return read_some(session, scope.tenant, connection, object, after); });
  });
}

Status confirm_matches(const TenantScope& scope, const ObjectLease& lease, const model::Model& model,
                       std::span<const MatchPair> pairs) {
  DOVETAIL_TRY_STATUS(check_pairs(pairs));
  return scope.write([&](Transaction& transaction) {
    return Confirmation(transaction, lease, model, pairs, scope.database.clock().now()).run();
  });
}

} // namespace dovetail::store
