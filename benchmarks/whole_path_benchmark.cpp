// SPDX-License-Identifier: Apache-2.0

// The whole path, from a provider's pages on loopback over the mapping into SQLite: the program `dovetail` against a plain Python
// script that does the same work with its standard library (peers/whole_path.py). Both are children of this program, read the same pull
// requests from one simulated GitHub, and begin with an empty database each time. What counts is the whole process: start, and CPU time of
// all its threads and children. Memory is looked at in rounds of its own: the most that was the process's alone (anonymous), and the most
// that was resident with the program and the shared libraries, whose clean pages it shares with every other process that has them mapped.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/wait.h>

#include <fmt/format.h>

#include "benchmarks/floors.hpp"
#include "core/json/document.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/child_simulator.hpp"

namespace dovetail::benchmarks {
namespace {

namespace fs = std::filesystem;
using testing::ChildProcesses;
using testing::ChildSimulator;
using testing::Ended;

constexpr double wall_floor = 5.0;
constexpr double wall_aim = 8.0;
constexpr double cpu_floor = 6.0;
constexpr double cpu_aim = 9.0;
constexpr double memory_ceiling = 0.5;
constexpr double kib_per_mib = 1024.0;
constexpr std::string_view token = "token-of-the-whole-path-benchmark";

struct Settings {
  int pulls = 40'000;
  int rounds = 7;
  int memory_rounds = 3;
  bool check_floors = false;
};

/// A folder that goes with all that is in it.
class Folder {
public:
  explicit Folder(const fs::path& within) {
    std::string pattern = (within / "dovetail-whole-path-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("no folder can be made in " + within.string());
    }
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const noexcept { return path_; }

private:
  fs::path path_;
};

fs::path build_folder() { return fs::read_symlink("/proc/self/exe").parent_path().parent_path(); }

/// One organisation with one repository, without limits and faults.
std::string world_of(int pulls) {
  return fmt::format(
      R"({{"seed": 8, "organisations": [{{"login": "acme", "members": 40, "outsiders": 20, "repositories": 1, "empty_repositories": 0,
          "pull_requests": {}, "commits_per_repository": 1}}], "tokens": [{{"token": "{}"}}],
          "limits": {{"primary": 0, "points_per_minute": 0, "concurrent": 0}}, "cache_bytes": 1073741824}})",
      pulls, token);
}

std::string environment(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? otherwise : value;
}

/// The most anonymous memory that a child of ours had at any look, until it has ended.
double watch_anonymous_mib(int process) {
  constexpr std::chrono::milliseconds between_looks{2};
  double most = 0;
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(process), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0) {
    std::ifstream status(fmt::format("/proc/{}/status", process));
    for (std::string line; std::getline(status, line);) {
      constexpr std::string_view name = "RssAnon:";
      if (line.starts_with(name)) {
        most = std::max(most, std::stod(line.substr(name.size())) / kib_per_mib);
      }
    }
    std::this_thread::sleep_for(between_looks);
  }
  return most;
}

/// What one child took.
struct Cost {
  double wall_seconds = 0;
  double cpu_seconds = 0;
  double anonymous_mib = 0; ///< where it was watched
  double resident_mib = 0;
};

enum class Watch : std::uint8_t { time, memory };

struct Ran {
  std::string out;
  Cost cost;
};

Ran run(ChildProcesses& children, const fs::path& program, const std::vector<std::string>& arguments, Watch watch) {
  const int process = children.start(program, arguments);
  const double anonymous_mib = watch == Watch::memory ? watch_anonymous_mib(process) : 0;
  Ended ended = children.wait(process);
  if (ended.status != 0) {
    throw std::runtime_error(fmt::format("{} {} ended with {}:\n{}{}", program.filename().string(),
                                         arguments.empty() ? "" : arguments.front(), ended.status, ended.out,
                                         ended.err));
  }
  return {.out = std::move(ended.out),
          .cost = {.wall_seconds = ended.wall_seconds,
                   .cpu_seconds = ended.cpu_seconds,
                   .anonymous_mib = anonymous_mib,
                   .resident_mib = static_cast<double>(ended.max_rss_kib) / kib_per_mib}};
}

void expect_rows(std::string_view program, const std::string& output, std::string_view pointer, int expected) {
  const auto document = json::Document::parse(output);
  if (!document.ok() || document->root().int64_or(pointer, -1) != expected) {
    throw std::runtime_error(fmt::format("{} did not write {} rows; it says:\n{}", program, expected, output));
  }
}

class Ours {
public:
  Ours(const fs::path& folder, std::string address)
      : folder_(folder), address_(std::move(address)),
        children_(folder / "streams", {{"SIMULATOR_TOKEN", std::string(token)}, {"HOME", folder.string()}}) {
    const Ran key = dovetail({"vault", "keygen"});
    children_.environment()["DOVETAIL_VAULT_KEYS"] = key.out;
  }

  Cost run(int pulls, Watch watch = Watch::time) {
    const Folder data(folder_);
    children_.environment()["DOVETAIL_DATA_DIR"] = data.path().string();
    dovetail({"tenant", "add", "bench"});
    dovetail({"connection",   "add",
              "--tenant",     "bench",
              "--provider",   "github",
              "--name",       "github",
              "--variant",    "custom",
              "--secret-env", "token=SIMULATOR_TOKEN",
              "--config",     "organization=acme",
              "--config",     "baseUrl=" + address_,
              "--config",     "allowPlainHttp=true",
              "--config",     "allowPrivateAddresses=true",
              "--config",     "rateLimits.requestsPerMinute=0"});
    dovetail({"sync", "--tenant", "bench", "--object", "repository"});
    if (repository_.empty()) {
      const Ran records = dovetail({"records", "--tenant", "bench", "repository", "--format", "jsonl"});
      const auto record = json::Document::parse(records.out);
      repository_ = record.ok() ? record->root().string_or("/full_name", "") : "";
    }
    const Ran ran = dovetail({"sync", "--tenant", "bench", "--object", "pull_request", "--json"}, watch);
    expect_rows("dovetail", ran.out, "/objects/0/created", pulls);
    return ran.cost;
  }

  /// Full name of the only repository; known after the first run.
  [[nodiscard]] const std::string& repository() const noexcept { return repository_; }

private:
  Ran dovetail(const std::vector<std::string>& arguments, Watch watch = Watch::time) {
    return benchmarks::run(children_, build_folder() / "bin" / "dovetail", arguments, watch);
  }

  fs::path folder_;
  std::string address_;
  std::string repository_;
  ChildProcesses children_;
};

class Peer {
public:
  Peer(const fs::path& folder, std::string address)
      : folder_(folder), address_(std::move(address)),
        children_(folder / "streams", {{"SIMULATOR_TOKEN", std::string(token)}}) {}

  Cost run(int pulls, const std::string& repository, Watch watch = Watch::time) {
    const Folder data(folder_);
    const Ran ran = benchmarks::run(
        children_, python(),
        {DOVETAIL_PEERS "/whole_path.py", address_, repository, (data.path() / "peer.db").string()}, watch);
    expect_rows("the Python script", ran.out, "/rows", pulls);
    return ran.cost;
  }

private:
  static fs::path python() { return environment("PYTHON", "/usr/bin/python3"); }

  fs::path folder_;
  std::string address_;
  ChildProcesses children_;
};

std::vector<double> figures_of(const std::vector<Cost>& costs, double Cost::*figure) {
  std::vector<double> values;
  std::transform(costs.begin(), costs.end(), std::back_inserter(values),
                 [figure](const Cost& cost) { return cost.*figure; });
  return values;
}

double median_of(const std::vector<Cost>& costs, double Cost::*figure) { return median(figures_of(costs, figure)); }

/// What both took in each round, in the same order.
struct Rounds {
  std::vector<Cost> ours;
  std::vector<Cost> peers;
};

bool tell(const Settings& settings, const Rounds& timed, const Rounds& watched) {
  fmt::print("whole path, {} pull requests from loopback to SQLite, medians of {} rounds\n", settings.pulls,
             settings.rounds);
  fmt::print("{:<16}{:>10}{:>10}{:>14}{:>16}{:>14}\n", "", "wall s", "CPU s", "anonymous MiB", "resident MiB",
             "rows/s");
  const auto row = [&settings](std::string_view name, const std::vector<Cost>& time, const std::vector<Cost>& memory) {
    const double wall = median_of(time, &Cost::wall_seconds);
    fmt::print("{:<16}{:>10.2f}{:>10.2f}{:>14.1f}{:>16.1f}{:>14.0f}\n", name, wall, median_of(time, &Cost::cpu_seconds),
               median_of(memory, &Cost::anonymous_mib), median_of(memory, &Cost::resident_mib), settings.pulls / wall);
  };
  row("dovetail", timed.ours, watched.ours);
  row("python", timed.peers, watched.peers);
  const auto ratio = [](const std::vector<Cost>& over, const std::vector<Cost>& under, double Cost::*figure) {
    return paired_ratio(figures_of(over, figure), figures_of(under, figure));
  };
  const double wall = ratio(timed.peers, timed.ours, &Cost::wall_seconds);
  const double cpu = ratio(timed.peers, timed.ours, &Cost::cpu_seconds);
  const double memory = ratio(watched.ours, watched.peers, &Cost::anonymous_mib);
  const auto verdict = [](bool holds) { return holds ? "holds" : "MISSED"; };
  fmt::print("wall time  {:.1f}x (floor {:.0f}x {}, aim {:.0f}x)\n", wall, wall_floor, verdict(wall >= wall_floor),
             wall_aim);
  fmt::print("CPU time   {:.1f}x (floor {:.0f}x {}, aim {:.0f}x)\n", cpu, cpu_floor, verdict(cpu >= cpu_floor),
             cpu_aim);
  fmt::print(
      "memory     {:.2f} of the script's own (at most {:.1f}: {}); {:.2f} with the program and shared libraries\n",
      memory, memory_ceiling, verdict(memory <= memory_ceiling),
      ratio(watched.ours, watched.peers, &Cost::resident_mib));
  return wall >= wall_floor && cpu >= cpu_floor && memory <= memory_ceiling;
}

int compare(const Settings& settings) {
  const Folder folder(fs::temp_directory_path());
  ChildSimulator simulator(build_folder(), folder.path() / "simulator", world_of(settings.pulls));
  Ours ours(folder.path() / "ours", simulator.address());
  Peer peer(folder.path() / "peer", simulator.address());
  // Not counted: the first to ask waits until the simulator has made the pages.
  static_cast<void>(ours.run(settings.pulls));
  static_cast<void>(peer.run(settings.pulls, ours.repository()));
  const auto turn_about = [&](int count, Watch watch) {
    Rounds rounds;
    for (int round = 0; round < count; ++round) {
      rounds.ours.push_back(ours.run(settings.pulls, watch));
      rounds.peers.push_back(peer.run(settings.pulls, ours.repository(), watch));
    }
    return rounds;
  };
  const Rounds timed = turn_about(settings.rounds, Watch::time);
  const bool holds = tell(settings, timed, turn_about(settings.memory_rounds, Watch::memory));
  return holds || !settings.check_floors ? 0 : 1;
}

/// Throws on what it does not understand.
Settings read_arguments(const std::vector<std::string>& arguments) {
  Settings settings;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto number = [&arguments, &i] { return std::stoi(arguments.at(++i)); };
    if (arguments[i] == "--check-floors") {
      settings.check_floors = true;
    } else if (arguments[i] == "--pulls") {
      settings.pulls = std::max(number(), 1);
    } else if (arguments[i] == "--rounds") {
      settings.rounds = std::max(number(), 1);
    } else {
      throw std::invalid_argument("usage: whole_path_benchmark [--check-floors] [--pulls N] [--rounds N]");
    }
  }
  return settings;
}

} // namespace
} // namespace dovetail::benchmarks

int main(int argc, char** argv) {
  try {
    return dovetail::benchmarks::compare(
        dovetail::benchmarks::read_arguments(std::vector<std::string>(argv + 1, argv + argc)));
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "whole_path: %s\n", problem.what());
    return 2;
  }
}
