// SPDX-License-Identifier: Apache-2.0
// What does the page writer cost beside the driver's own calls, doing the same statements? See benchmarks/README.md.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <sched.h>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "benchmarks/floors.hpp"
#include "benchmarks/upsert/raw.hpp"
#include "core/mapping/hash.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::bench {

model::Model benchmark_model() {
  using model::FieldType;
  model::Model model;
  model.name = "change";
  model.label = "Change";
  model.fields = {{"source_id", FieldType::integer, "", false},    {"number", FieldType::integer, "", false},
                  {"title", FieldType::text, "", false},           {"status", FieldType::text, "", false},
                  {"draft", FieldType::boolean, "", false},        {"author_id", FieldType::integer, "", false},
                  {"author_login", FieldType::text, "", false},    {"head_sha", FieldType::text, "", false},
                  {"html_url", FieldType::text, "", false},        {"opened_at", FieldType::timestamp, "", false},
                  {"changed_at", FieldType::timestamp, "", false}, {"merged_at", FieldType::timestamp, "", false}};
  model.indexes = {{"source_id"}, {"author_id"}};
  return model;
}

namespace {

using benchmarks::paired_ratio;
using mapping::Cell;
using store::Dialect;

enum class Case : std::uint8_t { insert, all_changed, none_changed, few_changed };
constexpr std::array<Case, 4> all_cases{Case::insert, Case::all_changed, Case::none_changed, Case::few_changed};
constexpr std::array<const char*, 4> case_names{"insert", "all changed", "none changed", "5 % changed"};
constexpr std::size_t few_step = 20; // one record of so many
constexpr std::int64_t pages_before = 20;
constexpr double floor_of_raw = 0.9;
constexpr double floor_of_unchanged = 1.5;

/// Keeps this thread, and the processes that it starts from now on, on one of the processors that it may use: the first or the last. Where the scheduler
/// happens to put a server's process, for as long as the connection lasts, would otherwise decide more than what is measured.
enum class Processor : std::uint8_t { first, last };
void stay_on(Processor which) {
  static const cpu_set_t allowed = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    static_cast<void>(::sched_getaffinity(0, sizeof set, &set));
    return set;
  }();
  int chosen = -1;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(static_cast<unsigned>(i), &allowed) && (chosen < 0 || which == Processor::last)) {
      chosen = i;
    }
  }
  if (chosen >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(chosen), &set);
    static_cast<void>(::sched_setaffinity(0, sizeof set, &set));
  }
}

/// The rows of one page; texts are the page's own.
void make_page(mapping::PageRows& rows, std::int64_t first, std::size_t count, std::int64_t version,
               std::size_t changed_step) {
  std::array<std::uint16_t, 12> columns{};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns.at(i) = static_cast<std::uint16_t>(i);
  }
  rows.reset(columns);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t id = first + static_cast<std::int64_t>(i);
    const bool changed = changed_step != 0 && i % changed_step == 0;
    const std::int64_t revision = changed ? version : 0;
    mapping::RowHeader header;
    header.external_id = rows.arena().copy(std::to_string(900'000'000 + id));
    header.external_id_hash = mapping::hash_text(header.external_id);
    header.content_hash = mapping::hash_text(header.external_id, static_cast<std::uint64_t>(revision) + 1);
    const std::string title =
        fmt::format("Retry uploads on 503 and say how often, number {} in revision {}", id, revision);
    const std::string url = fmt::format("https://forge.example/acme/widgets/pull/{}", id);
    const std::string sha =
        fmt::format("{:040x}", static_cast<std::uint64_t>(id) * 2'654'435'761U + static_cast<std::uint64_t>(revision));
    const std::array<std::string_view, 4> texts{rows.arena().copy(title), rows.arena().copy(url),
                                                rows.arena().copy(sha), "octavia-the-reviewer"};
    const auto cells = rows.append(header);
    const std::int64_t opened = 1'700'000'000'000'000 + id * 60'000'000;
    cells[0] = Cell::integer(900'000'000 + id);
    cells[1] = Cell::integer(id);
    cells[2] = Cell::text(texts[0]);
    cells[3] = Cell::text(id % 3 == 0 ? "open" : "closed");
    cells[4] = Cell::boolean(id % 7 == 0);
    cells[5] = Cell::integer(id % 97);
    cells[6] = Cell::text(texts[3]);
    cells[7] = Cell::text(texts[2]);
    cells[8] = Cell::text(texts[1]);
    cells[9] = Cell::timestamp(opened);
    cells[10] = Cell::timestamp(opened + revision * 1'000'000);
    cells[11] = id % 3 == 0 ? Cell() : Cell::timestamp(opened + 86'400'000'000);
  }
}

/// What a page took: wall time, and this process's CPU time (all there is for SQLite; for PostgreSQL the client's part).
struct Cost {
  double wall = 0;
  double cpu = 0;
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// A database with one object that both writers write alike, each in a database of its own.
class Side {
public:
  Side(Dialect dialect, bool raw) : catalog_({benchmark_model()}), store_(dialect) {
    const Status made = store::ensure_tables(store_.database(), catalog_.tables());
    if (!made.ok()) {
      fmt::print(stderr, "{}\n", made.error().message);
      std::abort();
    }
    const TenantId tenant = store_.add_tenant("acme");
    const ConnectionId connection = store_.add_connection(tenant, "main", "acme");
    world_ =
        std::make_unique<store::testing_world::ObjectWorld>(store_, catalog_, tenant, connection, "changes", "change");
    if (raw) {
      const RawTarget target{tenant.value,    connection.value, world_->job.value, world_->fence,
                             world_->pass_id, world_->object,   store_.location(), world_->target()};
      raw_ = dialect == Dialect::sqlite ? make_raw_sqlite(target) : make_raw_postgresql(target);
    }
  }

  /// What writing this page took. Ends the program when it did not change as many rows as it should.
  Cost write(const mapping::PageRows& rows, std::int64_t expected) {
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    const std::int64_t changed = raw_ ? raw_->write(rows, world_->pass_pages) : write_ours(rows);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const double cpu_took = cpu_seconds() - cpu;
    ++world_->pass_pages;
    if (changed != expected) {
      fmt::print(stderr, "{} rows were written where {} were expected\n", changed, expected);
      std::abort();
    }
    return {took.count(), cpu_took};
  }
  std::string raw_sql(const std::string& sql) { return store_.raw(sql); }

private:
  std::int64_t write_ours(const mapping::PageRows& rows) {
    const std::array<store::RecordBatch, 1> batches{{{&rows, "/page"}}};
    store::PageWrite page = world_->page();
    page.batches = batches;
    page.position = "{}";
    page.counted.requests = 1;
    const auto outcome = world_->writer().write(page);
    if (!outcome.ok()) {
      fmt::print(stderr, "{}\n", outcome.error().message);
      std::abort();
    }
    return outcome->counters.created + outcome->counters.updated;
  }

  store::testing_world::Catalog catalog_;
  testing::TestStore store_;
  std::unique_ptr<store::testing_world::ObjectWorld> world_;
  std::unique_ptr<RawWriter> raw_;
};

/// Both sides of one database and page size.
class Pair {
public:
  Pair(Dialect dialect, std::size_t page_size) : page_size_(page_size), ours_(dialect, false), raw_(dialect, true) {
    for (std::int64_t page = 0; page < pages_before; ++page) {
      std::ignore = step(Case::insert);
    }
  }

  /// Writes one page on both sides, the one that begins taking turns: cost of ours and of the raw one.
  std::array<Cost, 2> step(Case what) {
    std::int64_t first = next_;
    std::size_t step = 0;
    std::int64_t expected = 0;
    if (what == Case::insert) {
      expected = static_cast<std::int64_t>(page_size_);
      next_ += expected;
    } else {
      // Pages of the first rows in turn, so that none is in a cache because it was written just before.
      first = static_cast<std::int64_t>(page_size_) * (turn_ % pages_before);
      step = what == Case::all_changed ? 1 : (what == Case::few_changed ? few_step : 0);
      expected = step == 0 ? 0 : static_cast<std::int64_t>((page_size_ + step - 1) / step);
    }
    ++turn_;
    make_page(rows_, first, page_size_, turn_, step);
    std::array<Cost, 2> took{};
    const std::size_t begins = static_cast<std::size_t>(turn_) % 2;
    for (const std::size_t side : {begins, 1 - begins}) {
      took.at(side) = side == 0 ? ours_.write(rows_, expected) : raw_.write(rows_, expected);
    }
    if (step != 0) { // back, untimed, so that every measured page begins from the same rows
      make_page(rows_, first, page_size_, 0, 0);
      std::ignore = ours_.write(rows_, expected);
      std::ignore = raw_.write(rows_, expected);
    }
    return took;
  }

  /// Whether both hold the same rows.
  bool agree() {
    const std::string sql = "SELECT count(*) || ' ' || sum(number) || ' ' || sum(length(title)) || ' ' || "
                            "count(merged_at) || ' ' || max(opened_at) "
                            "FROM change";
    return ours_.raw_sql(sql) == raw_.raw_sql(sql);
  }

private:
  std::size_t page_size_;
  Side ours_;
  Side raw_;
  mapping::PageRows rows_;
  std::int64_t next_ = 0;
  std::int64_t turn_ = 0;
};

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

struct Measured {
  std::vector<double> ours;
  std::vector<double> raw;
  std::vector<double> ours_cpu;
  std::vector<double> raw_cpu;
};

using Key = std::tuple<Dialect, std::size_t, Case>;

void measure(benchmark::State& state, Pair& pair, Case what, std::size_t page_size, Measured& measured) {
  for ([[maybe_unused]] auto round : state) {
    const auto took = pair.step(what);
    measured.ours.push_back(took[0].wall);
    measured.raw.push_back(took[1].wall);
    measured.ours_cpu.push_back(took[0].cpu);
    measured.raw_cpu.push_back(took[1].cpu);
    state.SetIterationTime(took[0].wall);
  }
  state.counters["raw_us"] = median(measured.raw) * 1e6;
  state.counters["rows/s"] = static_cast<double>(page_size) / median(measured.ours);
}

bool report(std::map<Key, Measured>& results) {
  bool holds = true;
  fmt::print("\nUpsert, microseconds a page (medians, both sides in turn)\n{:11} {:>5} {:13} {:>9} {:>9} {:>8} {:>9} "
             "{:>9} {:>8} {:>7}\n",
             "database", "rows", "case", "dovetail", "raw", "ratio", "cpu", "raw cpu", "ratio", "floor");
  for (const auto& [key, measured] : results) {
    const auto& [dialect, rows, what] = key;
    const double ours = median(measured.ours);
    const double ratio = paired_ratio(measured.raw, measured.ours);
    const bool fine = ratio >= floor_of_raw;
    holds = holds && fine;
    fmt::print("{:11} {:>5} {:13} {:>9.0f} {:>9.0f} {:>7.2f}x {:>9.0f} {:>9.0f} {:>7.2f}x {:>6.1f}x  {}\n",
               store::to_string(dialect), rows, case_names.at(static_cast<std::size_t>(what)), ours * 1e6,
               median(measured.raw) * 1e6, ratio, median(measured.ours_cpu) * 1e6, median(measured.raw_cpu) * 1e6,
               paired_ratio(measured.raw_cpu, measured.ours_cpu), floor_of_raw, fine ? "floor holds" : "FLOOR MISSED");
    if (what == Case::none_changed) {
      const double gain = median(results[{dialect, rows, Case::all_changed}].ours) / ours;
      const bool gains = gain >= floor_of_unchanged;
      holds = holds && gains;
      fmt::print("{:11} {:>5} {:33} {:>7.2f}x {:>36.1f}x  {}\n", store::to_string(dialect), rows,
                 "none changed beside all changed", gain, floor_of_unchanged, gains ? "floor holds" : "FLOOR MISSED");
    }
  }
  return holds;
}

} // namespace
} // namespace dovetail::bench

int main(int argc, char** argv) {
  using namespace dovetail;
  using namespace dovetail::bench;
  bool check_floors = false;
  std::vector<char*> arguments;
  for (int i = 0; i < argc; ++i) {
    if (std::strcmp(argv[i], "--check-floors") == 0) {
      check_floors = true;
    } else {
      arguments.push_back(argv[i]);
    }
  }
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) {
    return 2;
  }
  std::map<Key, Measured> results;
  std::map<std::pair<store::Dialect, std::size_t>, std::unique_ptr<Pair>> pairs;
  for (const store::Dialect dialect : {store::Dialect::sqlite, store::Dialect::postgresql}) {
    if (!::dovetail::testing::TestStore::available(dialect)) {
      fmt::print(stderr, "{} is not installed: not measured\n", store::to_string(dialect));
      continue;
    }
    for (const std::size_t rows : {std::size_t{100}, std::size_t{1000}}) {
      for (const Case what : all_cases) {
        benchmark::RegisterBenchmark(
            fmt::format("{}/{} rows/{}", store::to_string(dialect), rows, case_names.at(static_cast<std::size_t>(what)))
                .c_str(),
            [&pairs, &results, dialect, what, rows](benchmark::State& state) {
              auto& pair = pairs[{dialect, rows}];
              if (!pair) {
                stay_on(Processor::last); // the server, which the first pair starts
                pair = std::make_unique<Pair>(dialect, rows);
                stay_on(Processor::first);
              }
              measure(state, *pair, what, rows, results[{dialect, rows, what}]);
            })
            ->Iterations(rows == 100 ? 300 : 80)
            ->UseManualTime()
            ->Unit(benchmark::kMicrosecond);
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  const bool agree = std::all_of(pairs.begin(), pairs.end(), [](const auto& each) { return each.second->agree(); });
  const bool floors_hold = report(results);
  benchmark::Shutdown();
  if (!agree) {
    fmt::print(stderr, "the two sides hold different rows: what was measured says nothing\n");
    return 1;
  }
  return check_floors && !floors_hold ? 1 : 0;
}
