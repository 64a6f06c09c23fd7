// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cli_world.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <sstream>

#include <stdlib.h>

namespace dovetail::testing {
namespace {

std::filesystem::path new_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "dovetail-cli-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("no temporary folder can be made");
  }
  return pattern;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string joined(const std::vector<std::string>& words) {
  return std::accumulate(words.begin(), words.end(), std::string("dovetail"),
                         [](std::string line, const std::string& word) { return std::move(line) + " " + word; });
}

} // namespace

CliWorld::CliWorld()
    : folder_(new_folder()), children_(folder_ / "streams", {{"DOVETAIL_DATA_DIR", (folder_ / "data").string()}}) {
  // Sanitizers take their options from the environment.
  for (const char* const name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* const value = std::getenv(name)) { // NOLINT(concurrency-mt-unsafe)
      set(name, value);
    }
  }
}

CliWorld::~CliWorld() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::filesystem::path CliWorld::build() {
  const char* const folder = std::getenv("DOVETAIL_BUILD_DIR"); // NOLINT(concurrency-mt-unsafe)
  return folder == nullptr ? std::filesystem::path("build/dev") : std::filesystem::path(folder);
}

std::vector<std::string> CliWorld::connect(const std::string& base_url, const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"connection", "add",    "--tenant", "acme",      "--provider",
                                     "github",     "--name", "main",     "--variant", "custom"};
  const std::string address = "baseUrl=" + base_url;
  for (const auto& setting :
       {std::string("organization=acme"), address, std::string("allowPlainHttp=true"),
        std::string("allowPrivateAddresses=true"), std::string("rateLimits.requestsPerMinute=0")}) {
    arguments.insert(arguments.end(), {"--config", setting});
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

int CliWorld::start(const std::vector<std::string>& arguments) {
  return children_.start(build() / "bin" / "dovetail", arguments);
}

Ended CliWorld::wait(int process) {
  Ended ended = children_.wait(process);
  printed_.emplace_back("a started program", ended.out + ended.err);
  return ended;
}

Ended CliWorld::run(const std::vector<std::string>& arguments, const std::string& input) {
  Ended ended = children_.run(build() / "bin" / "dovetail", arguments, input);
  printed_.emplace_back(joined(arguments), ended.out + ended.err);
  return ended;
}

Ended CliWorld::expect(int status, const std::vector<std::string>& arguments, const std::string& input) {
  Ended ended = run(arguments, input);
  EXPECT_EQ(ended.status, status) << joined(arguments) << "\n" << ended.out << ended.err;
  if (status != 0) {
    EXPECT_FALSE(ended.err.empty()) << joined(arguments) << " fails without a word";
  }
  return ended;
}

json::Document CliWorld::json(const std::vector<std::string>& arguments) {
  const Ended ended = expect(0, arguments);
  auto document = json::Document::parse(ended.out, {.max_bytes = 64U << 20U});
  EXPECT_TRUE(document.ok()) << joined(arguments) << " prints no JSON:\n" << ended.out;
  return document.ok() ? std::move(document).value() : std::move(json::Document::parse("null")).value();
}

void CliWorld::add_vault_key() {
  const Ended made = children_.run(build() / "bin" / "dovetail", {"vault", "keygen"});
  EXPECT_EQ(made.status, 0) << made.err;
  set("DOVETAIL_VAULT_KEYS", made.out + " " + children_.environment()["DOVETAIL_VAULT_KEYS"]);
}

std::filesystem::path CliWorld::file(const std::string& name, const std::string& content) const {
  std::filesystem::path path = folder_ / name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::vector<std::string> CliWorld::places_of(const std::string& text) const {
  std::vector<std::string> places;
  for (const auto& [command, output] : printed_) {
    if (output.find(text) != std::string::npos) {
      places.push_back("printed by " + command);
    }
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data(), error)) {
    if (entry.is_regular_file() && content_of(entry.path()).find(text) != std::string::npos) {
      places.push_back(entry.path().string());
    }
  }
  return places;
}

} // namespace dovetail::testing
