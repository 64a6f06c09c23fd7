// SPDX-License-Identifier: Apache-2.0
// The process that a plugin's code runs in when it must not run in the host's.
#include <cstdio>
#include <exception>
#include <optional>
#include <string_view>

#include "core/plugin/library_store.hpp"
#include "core/plugin/probe.hpp"

namespace {

constexpr std::string_view usage =
    "usage: dovetail-plugin-host --probe FILE [--name NAME] [--abi MAJOR.MINOR]\n"
    "\n"
    "Opens a plugin's shared object, asks it who it is, prints the answer as one JSON object and ends.\n"
    "NAME stands for the file in messages; MAJOR.MINOR is the host's ABI, by default this program's own.\n"
    "Exit status: 0 a plugin, 1 refused, 2 wrong usage.\n"
    "\n"
    "example: dovetail-plugin-host --probe build/release/lib/dovetail/plugins/sample.so\n";

void print(std::FILE* stream, std::string_view text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stream));
}

int run(int count, char** arguments) {
  std::optional<std::string_view> file;
  std::optional<std::string_view> name;
  std::optional<std::string_view> abi;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      print(stdout, usage);
      return 0;
    }
    auto* const target = argument == "--probe"  ? &file
                         : argument == "--name" ? &name
                         : argument == "--abi"  ? &abi
                                                : nullptr;
    if (target == nullptr || i + 1 == count) {
      print(stderr, usage);
      return 2;
    }
    *target = arguments[++i];
  }
  const auto host = abi ? dovetail::plugin::read_abi_version(*abi) : dovetail::plugin::AbiVersion{};
  if (!file || !host) {
    print(stderr, usage);
    return 2;
  }
  // The host has checked the file already; a person who calls this by hand has not.
  if (const auto read = dovetail::plugin::read_plugin_file(*file); !read.ok()) {
    print(stdout, dovetail::plugin::probe_answer(read.error()));
    print(stdout, "\n");
    return 1;
  }
  dovetail::plugin::run_probe(*file, name.value_or(*file), *host);
}

} // namespace

int main(int count, char** arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception& problem) {
    print(stderr, "dovetail-plugin-host: ");
    print(stderr, problem.what());
    print(stderr, "\n");
    return 2;
  }
}
