// SPDX-License-Identifier: Apache-2.0
#include "conformance_trial.hpp"

#include <map>
#include <utility>

namespace dovetail::testing {

namespace {

constexpr std::size_t max_told = 5; ///< differences of one comparison

[[nodiscard]] std::map<std::string, std::string> rows_of(const ConformanceRows& rows, const std::string& key) {
  const auto found = rows.find(key);
  return found == rows.end() ? std::map<std::string, std::string>() : found->second;
}

} // namespace

Trial::Trial(const ConformanceProvider& provider) : provider_(provider), world_(provider.make_world(seed)) {
  objects_ = provider.objects;
  if (objects_.empty()) {
    auto found = objects_of_manifest(provider.manifest);
    if (found.ok()) {
      objects_ = std::move(found).value();
    } else {
      blame(found.error().message);
    }
  }
  if (problems_.empty() && objects_.empty()) {
    blame("there are no objects, so nothing is shown");
  }
  if (world_ == nullptr) {
    blame("make_world made no world");
  }
}

std::unique_ptr<ConformanceReader> Trial::reader(std::size_t account) {
  auto made = std::make_unique<ConformanceReader>(provider_, objects_, *world_, account);
  if (auto opened = made->open(); !opened.ok()) {
    blame("the plugin does not open: " + opened.error().message);
    return nullptr;
  }
  return made;
}

ConformanceRows Trial::fresh_rows(std::size_t account) {
  auto fresh = reader(account);
  if (fresh == nullptr) {
    return {};
  }
  expect(fresh->pass(true), "a first full pass");
  return fresh->rows();
}

bool Trial::expect(const sdk::Status& status, const std::string& what) {
  if (!status.ok()) {
    blame(what + " fails: " + status.error().message);
  }
  return status.ok();
}

void Trial::compare(const ConformanceRows& wanted, const ConformanceRows& got, const std::string& what) {
  std::size_t told = 0;
  for (const auto& object : objects_) {
    const auto left = rows_of(wanted, object.key);
    const auto right = rows_of(got, object.key);
    for (const auto& [id, line] : left) {
      const auto found = right.find(id);
      if ((found == right.end() || found->second != line) && told++ < max_told) {
        blame(what + ": " + object.key + " " + id +
              (found == right.end() ? " is lost" : " is another:\n" + line + "instead of\n" + found->second));
      }
    }
    for (const auto& [id, line] : right) {
      if (!left.contains(id) && told++ < max_told) {
        blame(what + ": " + object.key + " " + id + " should not be there");
      }
    }
  }
  if (told > max_told) {
    blame(what + ": " + std::to_string(told) + " differences in all");
  }
}

std::vector<std::string> Trial::end() {
  if (world_ != nullptr) {
    for (const auto& request : world_->undescribed_requests()) {
      blame("a request that the provider's documentation does not describe: " + request);
    }
  }
  return std::move(problems_);
}

} // namespace dovetail::testing
