// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <sqlite3.h>

#include "benchmarks/upsert/raw.hpp"
#include "core/base/time.hpp"
#include "core/store/upsert_sqlite_sql.hpp"

namespace dovetail::bench {
namespace {

namespace sql = store::detail::sqlite_sql;

/// As a program writes them that binds and steps a row at a time.
constexpr std::string_view link_sql =
    "SELECT row_id, content_hash, state, model = ?5 FROM external_link "
    "WHERE tenant_id = ?1 AND connection_id = ?2 AND object = ?3 AND external_id = ?4";
constexpr std::string_view write_link_sql =
    "INSERT INTO external_link (tenant_id, connection_id, object, external_id, external_hash, model, row_id, "
    "content_hash, state, pass_id, first_seen_at, last_changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
    "?11, ?11) "
    "ON CONFLICT (tenant_id, connection_id, object, external_id) DO UPDATE SET model = excluded.model, row_id = "
    "excluded.row_id, content_hash = excluded.content_hash, state = excluded.state, pass_id = excluded.pass_id, "
    "last_changed_at = excluded.last_changed_at";
using mapping::Cell;

class RawSqlite final : public RawWriter {
public:
  explicit RawSqlite(const RawTarget& target) : target_(target), model_(target.object_target.model->name) {
    check(sqlite3_open_v2(target.location.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr),
          SQLITE_OK);
    check(sqlite3_exec(
              handle_,
              "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -6144; PRAGMA foreign_keys = "
              "ON; "
              "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 16000; PRAGMA journal_size_limit = 67108864;",
              nullptr, nullptr, nullptr),
          SQLITE_OK);
    auto plan = store::detail::make_object_plan(store::Dialect::sqlite, target.object_target);
    const auto texts = store::detail::sqlite_upsert_sql(*plan);
    begin_ = prepare("BEGIN IMMEDIATE");
    commit_ = prepare("COMMIT");
    guard_ = prepare(sql::guard_sql);
    look_up_ = prepare(link_sql);
    insert_ = prepare(texts.insert_row);
    update_ = prepare(texts.update_row);
    link_ = prepare(write_link_sql);
    page_ = prepare(sql::write_page_sql);
    position_ = prepare(sql::write_position_sql);
    count_ = prepare(sql::count_sql);
  }
  ~RawSqlite() override {
    for (sqlite3_stmt* const statement :
         {begin_, commit_, guard_, look_up_, insert_, update_, link_, page_, position_, count_}) {
      sqlite3_finalize(statement);
    }
    sqlite3_close(handle_);
  }

  std::int64_t write(const mapping::PageRows& rows, std::int64_t pass_pages) override {
    created_ = 0;
    updated_ = 0;
    format_iso8601_to(clock_.now(), now_.data());
    run(begin_);
    bind_object(guard_);
    sqlite3_bind_int64(guard_, 4, target_.job);
    check(sqlite3_step(guard_), SQLITE_ROW);
    if (sqlite3_column_int64(guard_, 1) != target_.fence || sqlite3_column_int64(guard_, 4) != pass_pages) {
      std::abort();
    }
    sqlite3_reset(guard_);
    look_up(rows);
    write_rows(rows);
    finish(rows, pass_pages);
    run(commit_);
    return created_ + updated_;
  }

private:
  struct Link {
    bool found = false;
    bool same = false;
    std::int64_t row = 0;
  };

  void check(int code, int expected) const {
    if (code != expected) {
      std::fprintf(stderr, "raw sqlite: %s\n", sqlite3_errmsg(handle_));
      std::abort();
    }
  }
  sqlite3_stmt* prepare(std::string_view text) {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v3(handle_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                             nullptr),
          SQLITE_OK);
    return statement;
  }
  void run(sqlite3_stmt* statement) const {
    check(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_reset(statement);
  }
  static void bind(sqlite3_stmt* statement, int parameter, std::string_view text) {
    sqlite3_bind_text(statement, parameter, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void bind_object(sqlite3_stmt* statement) const {
    sqlite3_bind_int64(statement, 1, target_.tenant);
    sqlite3_bind_int64(statement, 2, target_.connection);
    bind(statement, 3, target_.object);
  }
  [[nodiscard]] std::string_view now() const { return {now_.data(), now_.size()}; }

  void look_up(const mapping::PageRows& rows) {
    links_.assign(rows.size(), Link{});
    bind_object(look_up_);
    bind(look_up_, 5, model_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      bind(look_up_, 4, rows.header(i).external_id);
      if (sqlite3_step(look_up_) == SQLITE_ROW) {
        links_[i] = {true, sqlite3_column_int64(look_up_, 1) == static_cast<std::int64_t>(rows.header(i).content_hash),
                     sqlite3_column_int64(look_up_, 0)};
      }
      sqlite3_reset(look_up_);
    }
  }

  void bind_cell(sqlite3_stmt* statement, int parameter, const Cell& cell, char* slot) {
    switch (cell.kind()) {
    case Cell::Kind::null:
      sqlite3_bind_null(statement, parameter);
      break;
    case Cell::Kind::integer:
    case Cell::Kind::boolean:
      sqlite3_bind_int64(statement, parameter, cell.as_integer());
      break;
    case Cell::Kind::timestamp:
      format_iso8601_to(cell.as_timestamp(), slot);
      bind(statement, parameter, {slot, iso8601_length});
      break;
    default:
      bind(statement, parameter, cell.as_text());
    }
  }

  void write_rows(const mapping::PageRows& rows) {
    bind_object(link_);
    bind(link_, 6, model_);
    sqlite3_bind_int64(link_, 10, target_.pass_id);
    bind(link_, 11, now());
    bind(link_, 9, "active");
    std::vector<char> slots(rows.columns().size() * iso8601_length);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (links_[i].same) {
        continue;
      }
      const auto& header = rows.header(i);
      const std::int64_t id = links_[i].found ? links_[i].row : ++last_id_;
      sqlite3_stmt* const statement = links_[i].found ? update_ : insert_;
      ++(links_[i].found ? updated_ : created_);
      sqlite3_bind_int64(statement, 1, target_.tenant);
      sqlite3_bind_int64(statement, 2, id);
      bind(statement, 3, "acme");
      sqlite3_bind_int64(statement, 4, target_.connection);
      bind(statement, 5, header.external_id);
      bind(statement, 6, now());
      sqlite3_bind_null(statement, 7);
      sqlite3_bind_int64(statement, 8, static_cast<std::int64_t>(header.content_hash));
      bind(statement, 9, "active");
      const auto cells = rows.row(i);
      for (std::size_t c = 0; c < cells.size(); ++c) {
        bind_cell(statement, static_cast<int>(c) + 10, cells[c], slots.data() + c * iso8601_length);
      }
      run(statement);
      bind(link_, 4, header.external_id);
      sqlite3_bind_int64(link_, 5, static_cast<std::int64_t>(header.external_id_hash));
      sqlite3_bind_int64(link_, 7, id);
      sqlite3_bind_int64(link_, 8, static_cast<std::int64_t>(header.content_hash));
      run(link_);
    }
  }

  void finish(const mapping::PageRows& rows, std::int64_t pass_pages) {
    seen_.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      seen_.push_back(rows.header(i).external_id_hash);
    }
    bind_object(page_);
    bind(page_, 4, "/page");
    sqlite3_bind_int64(page_, 5, target_.pass_id);
    sqlite3_bind_blob(page_, 6, seen_.data(), static_cast<int>(seen_.size() * sizeof(std::uint64_t)), SQLITE_STATIC);
    run(page_);
    bind_object(position_);
    bind(position_, 4, "{}");
    sqlite3_bind_null(position_, 5);
    bind(position_, 6, now());
    sqlite3_bind_int64(position_, 7, target_.pass_id);
    sqlite3_bind_int64(position_, 8, pass_pages);
    run(position_);
    sqlite3_bind_int64(count_, 1, target_.tenant);
    sqlite3_bind_int64(count_, 2, target_.job);
    bind(count_, 3, now());
    const std::array<std::int64_t, 9> counters{
        static_cast<std::int64_t>(rows.size()), created_, updated_, 0, 0, 0, 0, 1, 0};
    for (std::size_t i = 0; i < counters.size(); ++i) {
      sqlite3_bind_int64(count_, static_cast<int>(i) + 4, counters.at(i));
    }
    run(count_);
  }

  RawTarget target_;
  std::string model_;
  SystemClock clock_;
  sqlite3* handle_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  sqlite3_stmt* guard_ = nullptr;
  sqlite3_stmt* look_up_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* update_ = nullptr;
  sqlite3_stmt* link_ = nullptr;
  sqlite3_stmt* page_ = nullptr;
  sqlite3_stmt* position_ = nullptr;
  sqlite3_stmt* count_ = nullptr;
  std::array<char, iso8601_length> now_{};
  std::vector<Link> links_;
  std::vector<std::uint64_t> seen_;
  std::int64_t last_id_ = std::int64_t{1} << 56; // as long as the ids that ours draws
  std::int64_t created_ = 0;
  std::int64_t updated_ = 0;
};

} // namespace

std::unique_ptr<RawWriter> make_raw_sqlite(const RawTarget& target) { return std::make_unique<RawSqlite>(target); }

} // namespace dovetail::bench
