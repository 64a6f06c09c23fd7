// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/simulators/bqe/configuration.hpp"
#include "tests/simulators/bqe/simulator.hpp"
#include "tests/simulators/github/configuration.hpp"
#include "tests/simulators/github/simulator.hpp"
#include "tests/simulators/monday/control.hpp"
#include "tests/simulators/monday/simulator.hpp"
#include "tests/simulators/odoo/configuration.hpp"
#include "tests/simulators/odoo/simulator.hpp"
#include "tests/simulators/server.hpp"

namespace {

using namespace dovetail;
using namespace dovetail::simulators;

struct Arguments {
  std::string provider = "github";
  std::string world_file;
  std::string port_file;
  std::uint16_t port = 0;
  int latency_ms = 0;
  std::uint64_t seed = 0;
};

/// `world`: the file's text, empty without one. `seed`: 0 keeps the world's.
using Factory = Result<std::unique_ptr<Handler>> (*)(const std::string& world, std::uint64_t seed, Clock& clock);

template <typename Simulator, typename Options>
Result<std::unique_ptr<Handler>> make(Result<Options> options, std::uint64_t seed, Clock& clock) {
  DOVETAIL_TRY(auto made, std::move(options));
  if (seed != 0) {
    made.world.seed = seed;
  }
  return std::unique_ptr<Handler>(std::make_unique<Simulator>(std::move(made), clock));
}

const std::map<std::string, Factory>& providers() {
  static const std::map<std::string, Factory> table{
      {"bqe",
       [](const std::string& world, std::uint64_t seed, Clock& clock) {
         return make<bqe::BqeSimulator>(world.empty() ? bqe::demonstration() : bqe::options_from_json(world), seed,
                                        clock);
       }},
      {"github",
       [](const std::string& world, std::uint64_t seed, Clock& clock) {
         return make<github::GithubSimulator>(
             world.empty() ? github::demonstration() : github::options_from_json(world), seed, clock);
       }},
      {"monday",
       [](const std::string& world, std::uint64_t seed, Clock& clock) {
         return make<monday::MondaySimulator>(
             world.empty() ? monday::demonstration() : monday::options_from_json(world), seed, clock);
       }},
      {"odoo",
       [](const std::string& world, std::uint64_t seed, Clock& clock) {
         return make<odoo::OdooSimulator>(world.empty() ? odoo::demonstration() : odoo::options_from_json(world), seed,
                                          clock);
       }},
  };
  return table;
}

Result<std::string> read_world(const std::string& path) {
  if (path.empty()) {
    return std::string();
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return not_found(fmt::format("{} cannot be read", path));
  }
  return text.str();
}

/// Written beside and renamed, so that whoever waits for the file never reads half of it.
Status write_port_file(const std::string& path, std::uint16_t port) {
  const std::string draft = path + ".new";
  {
    std::ofstream file(draft, std::ios::trunc);
    file << port << '\n';
    if (!file.flush()) {
      return unavailable(fmt::format("{} cannot be written", draft));
    }
  }
  if (std::rename(draft.c_str(), path.c_str()) != 0) {
    return unavailable(fmt::format("{} cannot be renamed to {}", draft, path));
  }
  return {};
}

Status serve(const Arguments& arguments, const sigset_t& end_signals) {
  DOVETAIL_TRY(const std::string world, read_world(arguments.world_file));
  SystemClock clock;
  DOVETAIL_TRY(const auto simulator, providers().at(arguments.provider)(world, arguments.seed, clock));
  ServerOptions server_options;
  server_options.port = arguments.port;
  server_options.latency = std::chrono::milliseconds(arguments.latency_ms);
  DOVETAIL_TRY(const std::unique_ptr<Server> server, Server::start(*simulator, clock, server_options));
  if (!arguments.port_file.empty()) {
    DOVETAIL_TRY_STATUS(write_port_file(arguments.port_file, server->port()));
  }
  std::cout << fmt::format("{{\"port\":{}}}", server->port()) << std::endl;
  int received = 0;
  sigwait(&end_signals, &received);
  return {};
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("Serves a simulated provider's API on 127.0.0.1 until it gets SIGTERM or SIGINT.\n"
               "Prints one line of JSON with the port. Without --world a demonstration; github: three organisations\n"
               "(northwind, fabrikam, tailspin) with the tokens demo-token-northwind and so on; monday: a board of\n"
               "tickets and one of projects with the token demo-token-monday; bqe: one company with the token\n"
               "demo-token; odoo: a small company in the database acme, with the key demo-key of the login\n"
               "robot@acme.example.");
  Arguments arguments;
  std::vector<std::string> names;
  for (const auto& [name, factory] : providers()) {
    names.push_back(name);
  }
  app.add_option("--provider", arguments.provider, "Whose API is simulated; default: github")
      ->check(CLI::IsMember(names));
  app.add_option("--world", arguments.world_file, "JSON file with the world, tokens, limits and faults");
  app.add_option("--seed", arguments.seed, "Seed of the world; overrides the file's");
  app.add_option("--port", arguments.port, "Port to listen on; 0 lets the system choose");
  app.add_option("--port-file", arguments.port_file, "File that gets the port once the server listens");
  app.add_option("--latency-ms", arguments.latency_ms, "Added to each answer")->check(CLI::Range(0, 60'000));
  app.footer("Example: dovetail-simulator --world world.json --port-file /tmp/port");
  CLI11_PARSE(app, argc, argv);

  // Blocked before any thread starts, so that only sigwait sees them.
  sigset_t end_signals;
  sigemptyset(&end_signals);
  sigaddset(&end_signals, SIGTERM);
  sigaddset(&end_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &end_signals, nullptr);

  const Status status = serve(arguments, end_signals);
  if (!status.ok()) {
    std::cerr << "dovetail-simulator: " << status.error().message << '\n';
    return 1;
  }
  return 0;
}
