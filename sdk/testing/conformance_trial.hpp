// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "conformance_reader.hpp"
#include "dovetail/testing/conformance.hpp"

namespace dovetail::testing {

/// One provider with a fresh world, and what went wrong so far: what each law is held on.
class Trial {
public:
  static constexpr std::uint64_t seed = 20260105;

  explicit Trial(const ConformanceProvider& provider);

  /// False when there is nothing to hold a law on; end() says why.
  [[nodiscard]] bool usable() const { return problems_.empty(); }
  [[nodiscard]] ConformanceWorld& world() { return *world_; }
  [[nodiscard]] const std::vector<ConformanceObject>& objects() const { return objects_; }

  /// A reader that knows nothing yet; nullptr, with the reason told, when the plugin does not open.
  [[nodiscard]] std::unique_ptr<ConformanceReader> reader(std::size_t account = 0);
  /// The rows of a full pass by such a reader.
  [[nodiscard]] ConformanceRows fresh_rows(std::size_t account = 0);

  void blame(std::string what) { problems_.push_back(std::move(what)); }
  /// False, with the reason told, when it is an Error.
  bool expect(const sdk::Status& status, const std::string& what);
  void compare(const ConformanceRows& wanted, const ConformanceRows& got, const std::string& what);
  /// All that was told, and the requests that the world does not know. The end of every law.
  [[nodiscard]] std::vector<std::string> end();

private:
  const ConformanceProvider& provider_;
  std::unique_ptr<ConformanceWorld> world_;
  std::vector<ConformanceObject> objects_;
  std::vector<std::string> problems_;
};

using Problems = std::vector<std::string>;

/// Runs a law on a fresh trial.
template <typename Law> Problems on_trial(const ConformanceProvider& provider, Law law) {
  Trial trial(provider);
  if (trial.usable()) {
    law(trial);
  }
  return trial.end();
}

} // namespace dovetail::testing
