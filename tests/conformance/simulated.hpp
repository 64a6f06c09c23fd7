// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dovetail/testing/conformance.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::test {

/// What a simulated provider answers to a plugin's request, as the host hands it over: `headers` are added where the plugin has not set them
/// itself, faults of the line become the host's errors.
[[nodiscard]] testing::Reply ask(simulators::Handler& provider, const testing::SentRequest& request,
                                 const std::string& base_url, const std::vector<simulators::Header>& headers);

/// A plugin that this build made, and a manifest of the source tree; ctest says where they are.
[[nodiscard]] std::string plugin_of_this_build(const std::string& key);
[[nodiscard]] std::string manifest_of_the_sources(const std::string& key);

/// Of both accounts, where each has a simulator of its own.
template <typename Simulator>
[[nodiscard]] std::vector<std::string>
undescribed_requests_of(const std::array<std::unique_ptr<Simulator>, 2>& accounts) {
  auto all = accounts[0]->undescribed_requests();
  const auto others = accounts[1]->undescribed_requests();
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

/// The manifest's objects without the fields of which `varies` says that they change without a sign that a delta could see.
[[nodiscard]] std::vector<testing::ConformanceObject>
objects_without(const std::string& manifest, const std::function<bool(const std::string& pointer)>& varies);

} // namespace dovetail::test
