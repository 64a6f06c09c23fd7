// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <vector>

#include <libpq-fe.h>

#include "benchmarks/upsert/raw.hpp"
#include "core/store/upsert_postgres_pipeline.hpp"
#include "core/store/upsert_postgres_sql.hpp"

namespace dovetail::bench {
namespace {

namespace sql = store::detail::postgres_sql;
namespace oid = store::detail::oid;
using mapping::Cell;

constexpr std::int64_t epoch_micros = 946'684'800'000'000;

/// An array in libpq's binary format.
class Array {
public:
  void begin(std::uint32_t type) {
    bytes_.clear();
    count_ = 0;
    nulls_ = 0;
    for (const std::uint32_t word : {1U, 0U, type, 0U, 1U}) {
      word32(word);
    }
  }
  void number(std::int64_t value) {
    ++count_;
    char bytes[12];
    const std::uint32_t length = __builtin_bswap32(8);
    const std::uint64_t swapped = __builtin_bswap64(static_cast<std::uint64_t>(value));
    std::memcpy(bytes, &length, 4);
    std::memcpy(bytes + 4, &swapped, 8);
    bytes_.append(bytes, sizeof bytes);
  }
  void text(std::string_view value) {
    ++count_;
    word32(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
  }
  void null() {
    ++count_;
    nulls_ = 1;
    word32(0xFFFF'FFFFU);
  }
  void cell(const Cell& cell) {
    switch (cell.kind()) {
    case Cell::Kind::null:
      return null();
    case Cell::Kind::integer:
      return number(cell.as_integer());
    case Cell::Kind::boolean:
      ++count_;
      word32(1);
      bytes_.push_back(cell.as_boolean() ? 1 : 0);
      return;
    case Cell::Kind::timestamp:
      return number(cell.as_integer() - epoch_micros);
    default:
      return text(cell.as_text());
    }
  }
  std::string_view finish() {
    std::uint32_t word = __builtin_bswap32(nulls_);
    std::memcpy(bytes_.data() + 4, &word, 4);
    word = __builtin_bswap32(count_);
    std::memcpy(bytes_.data() + 12, &word, 4);
    return bytes_;
  }

private:
  void word32(std::uint32_t value) {
    value = __builtin_bswap32(value);
    bytes_.append(reinterpret_cast<const char*>(&value), 4);
  }
  std::string bytes_;
  std::uint32_t count_ = 0;
  std::uint32_t nulls_ = 0;
};

class Parameters {
public:
  Parameters& number(std::int64_t value) {
    auto& bytes = numbers_.emplace_back();
    const std::uint64_t swapped = __builtin_bswap64(static_cast<std::uint64_t>(value));
    std::memcpy(bytes.data(), &swapped, 8);
    return text({bytes.data(), 8});
  }
  Parameters& text(std::string_view value) {
    values.push_back(value.data());
    lengths.push_back(static_cast<int>(value.size()));
    formats.push_back(1);
    return *this;
  }
  Parameters& null() {
    values.push_back(nullptr);
    lengths.push_back(0);
    formats.push_back(1);
    return *this;
  }
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;

private:
  std::deque<std::array<char, 8>> numbers_;
};

std::int64_t number_of(const PGresult* result, int row, int column) {
  std::uint64_t value = 0;
  std::memcpy(&value, PQgetvalue(result, row, column), 8);
  return static_cast<std::int64_t>(__builtin_bswap64(value));
}

class RawPostgresql final : public RawWriter {
public:
  explicit RawPostgresql(const RawTarget& target) : target_(target), model_(target.object_target.model->name) {
    connection_ = PQconnectdb(target.location.c_str());
    if (PQstatus(connection_) != CONNECTION_OK) {
      fail();
    }
    auto plan = store::detail::make_object_plan(store::Dialect::postgresql, target.object_target);
    const auto texts = store::detail::postgres_upsert_sql(*plan);
    prepare("settings", std::string(store::detail::probe_settings_sql));
    prepare("lease", std::string(sql::lease_sql));
    prepare("guard", std::string(sql::guard_sql));
    prepare("links", std::string(sql::links_sql));
    prepare("insert", texts.insert_rows);
    prepare("update", texts.update_rows);
    prepare("write_links", std::string(sql::write_links_sql));
    prepare("pages", std::string(sql::write_pages_sql));
    prepare("position", std::string(sql::write_position_sql));
    prepare("count", std::string(sql::count_sql));
    cells_.resize(target.object_target.columns.size());
    begin_ = "BEGIN; SET LOCAL ROLE dovetail_runtime; SET LOCAL dovetail.tenant_id = " + std::to_string(target.tenant);
  }
  ~RawPostgresql() override { PQfinish(connection_); }

  std::int64_t write(const mapping::PageRows& rows, std::int64_t pass_pages) override {
    now_ = clock_.now().time_since_epoch().count() - epoch_micros;
    execute(begin_.c_str());
    look_up(rows, pass_pages);
    PQenterPipelineMode(connection_);
    sent_ = 0;
    const std::int64_t created = write_rows(rows, false);
    const std::int64_t updated = write_rows(rows, true);
    if (created + updated > 0) {
      write_links(rows);
    }
    finish(rows, pass_pages, created, updated);
    take_answers();
    execute("COMMIT");
    return created + updated;
  }

private:
  struct Link {
    bool found = false;
    bool same = false;
    std::int64_t row = 0;
  };

  void fail() const {
    std::fprintf(stderr, "raw postgresql: %s\n", PQerrorMessage(connection_));
    std::abort();
  }
  void prepare(const char* name, const std::string& text) {
    PGresult* const result = PQprepare(connection_, name, text.c_str(), 0, nullptr);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
      fail();
    }
    PQclear(result);
  }
  void execute(const char* text) {
    PGresult* const result = PQexec(connection_, text);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
      fail();
    }
    PQclear(result);
  }
  void send(const char* name, const Parameters& parameters) {
    if (PQsendQueryPrepared(connection_, name, static_cast<int>(parameters.values.size()), parameters.values.data(),
                            parameters.lengths.data(), parameters.formats.data(), 1) == 0) {
      fail();
    }
    ++sent_;
  }
  template <typename Handler> void take(Handler&& handler) {
    while (PGresult* const result = PQgetResult(connection_)) {
      const auto status = PQresultStatus(result);
      if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail();
      }
      handler(result);
      PQclear(result);
    }
  }
  void take_answers() {
    PQpipelineSync(connection_);
    for (int i = 0; i < sent_; ++i) {
      take([](const PGresult*) {});
    }
    PQclear(PQgetResult(connection_));
    PQexitPipelineMode(connection_);
  }
  [[nodiscard]] Parameters object() const {
    Parameters parameters;
    parameters.number(target_.tenant).number(target_.connection).text(target_.object);
    return parameters;
  }

  void look_up(const mapping::PageRows& rows, std::int64_t pass_pages) {
    PQenterPipelineMode(connection_);
    send("settings", {});
    send("lease", object());
    Parameters guard = object();
    guard.number(target_.job);
    send("guard", guard);
    keys_.begin(oid::text);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      keys_.text(rows.header(i).external_id);
    }
    Parameters links = object();
    links.text(model_).text(keys_.finish());
    send("links", links);
    PQpipelineSync(connection_);
    take([](const PGresult*) {});
    take([this](const PGresult* result) {
      if (number_of(result, 0, 1) != target_.fence) {
        std::abort();
      }
    });
    take([pass_pages](const PGresult* result) {
      if (number_of(result, 0, 2) != pass_pages) {
        std::abort();
      }
    });
    links_.assign(rows.size(), Link{});
    take([this, &rows](const PGresult* result) {
      for (int row = 0; row < PQntuples(result); ++row) {
        const auto index = static_cast<std::size_t>(number_of(result, row, 0)) - 1;
        links_[index] = {true, number_of(result, row, 2) == static_cast<std::int64_t>(rows.header(index).content_hash),
                         number_of(result, row, 1)};
      }
    });
    PQclear(PQgetResult(connection_));
    PQexitPipelineMode(connection_);
  }

  std::int64_t write_rows(const mapping::PageRows& rows, bool found) {
    ids_.begin(oid::int8);
    sources_.begin(oid::timestamptz);
    hashes_.begin(oid::int8);
    states_.begin(oid::text);
    keys_.begin(oid::text);
    for (std::size_t c = 0; c < cells_.size(); ++c) {
      cells_[c].begin(store::detail::oid_of(target_.object_target.model->fields[c].type));
    }
    std::int64_t count = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (links_[i].same || links_[i].found != found) {
        continue;
      }
      ++count;
      if (!found) {
        links_[i].row = ++last_id_;
      }
      ids_.number(links_[i].row);
      sources_.null();
      hashes_.number(static_cast<std::int64_t>(rows.header(i).content_hash));
      states_.text("active");
      keys_.text(rows.header(i).external_id);
      const auto cells = rows.row(i);
      for (std::size_t c = 0; c < cells.size(); ++c) {
        cells_[c].cell(cells[c]);
      }
    }
    if (count == 0) {
      return 0;
    }
    Parameters parameters;
    if (found) {
      parameters.number(target_.tenant).number(now_);
    } else {
      parameters.number(target_.tenant).number(target_.connection).text("acme").number(now_);
    }
    parameters.text(ids_.finish()).text(sources_.finish()).text(hashes_.finish()).text(states_.finish());
    if (!found) {
      parameters.text(keys_.finish());
    }
    for (Array& cells : cells_) {
      parameters.text(cells.finish());
    }
    send(found ? "update" : "insert", parameters);
    return count;
  }

  void write_links(const mapping::PageRows& rows) {
    keys_.begin(oid::text);
    sources_.begin(oid::int8);
    ids_.begin(oid::int8);
    hashes_.begin(oid::int8);
    states_.begin(oid::text);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!links_[i].same) {
        keys_.text(rows.header(i).external_id);
        sources_.number(static_cast<std::int64_t>(rows.header(i).external_id_hash));
        ids_.number(links_[i].row);
        hashes_.number(static_cast<std::int64_t>(rows.header(i).content_hash));
        states_.text("active");
      }
    }
    Parameters parameters = object();
    parameters.text(model_).number(target_.pass_id).number(now_);
    parameters.text(keys_.finish())
        .text(sources_.finish())
        .text(ids_.finish())
        .text(hashes_.finish())
        .text(states_.finish());
    send("write_links", parameters);
  }

  void finish(const mapping::PageRows& rows, std::int64_t pass_pages, std::int64_t created, std::int64_t updated) {
    seen_.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint64_t hash = rows.header(i).external_id_hash;
      seen_.append(reinterpret_cast<const char*>(&hash), sizeof hash);
    }
    keys_.begin(oid::text);
    keys_.text("/page");
    states_.begin(oid::bytea);
    states_.text(seen_);
    Parameters page = object();
    page.number(target_.pass_id).text(keys_.finish()).text(states_.finish());
    send("pages", page);
    Parameters position = object();
    position.text("{}").null().number(now_).number(target_.pass_id).number(pass_pages);
    send("position", position);
    Parameters count;
    count.number(target_.tenant)
        .number(target_.job)
        .number(now_)
        .number(static_cast<std::int64_t>(rows.size()))
        .number(created)
        .number(updated);
    count.number(0).number(0).number(0).number(0).number(1).number(0);
    send("count", count);
  }

  RawTarget target_;
  std::string model_;
  std::string begin_;
  SystemClock clock_;
  PGconn* connection_ = nullptr;
  int sent_ = 0;
  std::int64_t now_ = 0;
  std::vector<Link> links_;
  Array ids_;
  Array sources_;
  Array hashes_;
  Array states_;
  Array keys_;
  std::vector<Array> cells_;
  std::string seen_;
  std::int64_t last_id_ = std::int64_t{1} << 56; // as long as the ids that ours draws
};

} // namespace

std::unique_ptr<RawWriter> make_raw_postgresql(const RawTarget& target) {
  return std::make_unique<RawPostgresql>(target);
}

} // namespace dovetail::bench
