// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/json/document.hpp"
#include "tests/support/child_process.hpp"

namespace dovetail::testing {

/// The real program `dovetail` over a data directory of its own, without anything of this process's environment. Everything that it ever
/// printed is kept, to be searched for what must not be there.
class CliWorld {
public:
  CliWorld();
  ~CliWorld();
  CliWorld(const CliWorld&) = delete;
  CliWorld& operator=(const CliWorld&) = delete;
  CliWorld(CliWorld&&) = delete;
  CliWorld& operator=(CliWorld&&) = delete;

  /// Runs `dovetail ARGUMENTS` on the data directory.
  Ended run(const std::vector<std::string>& arguments, const std::string& input = {});
  /// The same; fails the test unless the program ends with `status`.
  Ended expect(int status, const std::vector<std::string>& arguments, const std::string& input = {});
  /// Standard output of a run that succeeds, read as JSON.
  json::Document json(const std::vector<std::string>& arguments);

  /// The arguments that connect the tenant acme, under the name "main", to an organisation acme of a simulated GitHub; `more` goes behind.
  [[nodiscard]] static std::vector<std::string> connect(const std::string& base_url,
                                                        const std::vector<std::string>& more);

  [[nodiscard]] int start(const std::vector<std::string>& arguments);
  [[nodiscard]] Ended wait(int process);

  /// Sets a variable of the program's environment.
  void set(const std::string& name, const std::string& value) { children_.environment()[name] = value; }
  void unset(const std::string& name) { children_.environment().erase(name); }
  /// Puts a fresh key into DOVETAIL_VAULT_KEYS, in front of those that are there.
  void add_vault_key();

  [[nodiscard]] std::filesystem::path file(const std::string& name, const std::string& content) const;
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] std::filesystem::path data() const { return folder_ / "data"; }
  [[nodiscard]] static std::filesystem::path build();

  /// Where `text` stands in what the program printed or in a file below its data directory; empty: nowhere.
  [[nodiscard]] std::vector<std::string> places_of(const std::string& text) const;

private:
  const std::filesystem::path folder_;
  ChildProcesses children_;
  std::vector<std::pair<std::string, std::string>> printed_; // of which command, what
};

} // namespace dovetail::testing
