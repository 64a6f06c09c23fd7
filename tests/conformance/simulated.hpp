// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
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

/// The manifest's objects without the fields of which `varies` says that they change without a sign that a delta could see.
[[nodiscard]] std::vector<testing::ConformanceObject>
objects_without(const std::string& manifest, const std::function<bool(const std::string& pointer)>& varies);

} // namespace dovetail::test
