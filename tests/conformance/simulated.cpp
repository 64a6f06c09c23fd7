// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/simulated.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "core/base/limits.hpp"
#include "dovetail/sdk/url.hpp"
#include "tests/simulators/arrival.hpp"

namespace dovetail::test {
namespace {

std::filesystem::path folder_of(const char* variable) {
  const char* folder = std::getenv(variable); // NOLINT(concurrency-mt-unsafe): nobody writes it
  if (folder == nullptr) {
    throw std::runtime_error(std::string(variable) + " is not set: run this test through ctest");
  }
  return folder;
}

testing::Reply lost(sdk::Code code, const char* message, sdk::Retry retry) {
  testing::Reply reply;
  reply.error = sdk::make_error(code, message, retry);
  return reply;
}

} // namespace

testing::Reply ask(simulators::Handler& provider, const testing::SentRequest& request, const std::string& base_url,
                   const std::vector<simulators::Header>& headers) {
  simulators::SimRequest sent;
  sent.method = request.method;
  sent.body = request.body;
  const std::string url = request.url.starts_with('/') ? base_url + request.url : request.url;
  // Any other origin is no place of this provider: the host would refuse it.
  if (sdk::url_origin(url) != sdk::url_origin(base_url)) {
    return lost(sdk::Code::invalid_argument, "a request to an origin that the connection does not allow",
                sdk::Retry::never);
  }
  sent.target = url.substr(sdk::url_origin(url).size());
  for (const auto& [name, value] : request.headers) {
    sent.headers.push_back({name, value});
  }
  for (const auto& header : headers) {
    if (!request.header(header.name)) {
      sent.headers.push_back(header);
    }
  }
  const auto answer = provider.handle(sent);
  auto arrived = simulators::arrive(answer, limits::max_page_bytes);
  switch (arrived.outcome) {
  case simulators::Arrival::Outcome::complete:
    break;
  case simulators::Arrival::Outcome::connection_reset:
  case simulators::Arrival::Outcome::cut_short:
    return lost(sdk::Code::unavailable, "the connection failed before the answer was complete", sdk::Retry::transient);
  case simulators::Arrival::Outcome::too_large:
    return lost(sdk::Code::out_of_range, "the answer's body is larger than the bound", sdk::Retry::never);
  }
  testing::Reply reply{.status = arrived.status, .body = std::move(arrived.body), .url = url};
  for (const auto& header : answer.headers) {
    reply.headers.emplace_back(header.name, header.value);
  }
  return reply;
}

std::string plugin_of_this_build(const std::string& key) {
  return (folder_of("DOVETAIL_BUILD_DIR") / "lib" / "dovetail" / "plugins" / (key + ".so")).string();
}

std::string manifest_of_the_sources(const std::string& key) {
  std::ifstream file(folder_of("DOVETAIL_SOURCE_DIR") / "manifests" / (key + ".json"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<testing::ConformanceObject> objects_without(const std::string& manifest,
                                                        const std::function<bool(const std::string& pointer)>& varies) {
  auto objects = testing::objects_of_manifest(manifest);
  if (!objects.ok()) {
    throw std::runtime_error(objects.error().message);
  }
  for (auto& object : *objects) {
    std::erase_if(object.fields, varies);
  }
  return std::move(objects).value();
}

} // namespace dovetail::test
