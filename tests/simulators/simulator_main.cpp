// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/simulators/github/configuration.hpp"
#include "tests/simulators/github/simulator.hpp"
#include "tests/simulators/server.hpp"

namespace {

using namespace dovetail;
using namespace dovetail::simulators;

struct Arguments {
  std::string world_file;
  std::string port_file;
  std::uint16_t port = 0;
  int latency_ms = 0;
  std::uint64_t seed = 0;
};

Result<github::SimulatorOptions> read_options(const Arguments& arguments) {
  github::SimulatorOptions options = github::demonstration();
  if (!arguments.world_file.empty()) {
    std::ifstream file(arguments.world_file, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
      return not_found(fmt::format("{} cannot be read", arguments.world_file));
    }
    DOVETAIL_TRY(options, github::options_from_json(text.str()));
  }
  if (arguments.seed != 0) {
    options.world.seed = arguments.seed;
  }
  return options;
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
  DOVETAIL_TRY(github::SimulatorOptions options, read_options(arguments));
  SystemClock clock;
  github::GithubSimulator simulator(std::move(options), clock);
  ServerOptions server_options;
  server_options.port = arguments.port;
  server_options.latency = std::chrono::milliseconds(arguments.latency_ms);
  DOVETAIL_TRY(const std::unique_ptr<Server> server, Server::start(simulator, clock, server_options));
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
  CLI::App app("Serves a simulated GitHub REST API on 127.0.0.1 until it gets SIGTERM or SIGINT.\n"
               "Prints one line of JSON with the port. Without --world: three demonstration organisations\n"
               "(northwind, fabrikam, tailspin) with the tokens demo-token-northwind and so on.");
  Arguments arguments;
  app.add_option("--world", arguments.world_file, "JSON file with organisations, tokens, limits and faults");
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
