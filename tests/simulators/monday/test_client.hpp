// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/pointer.h>

#include "tests/simulators/json_text.hpp"
#include "tests/simulators/monday/simulator.hpp"

/// A naive client of the simulator for its own tests.
namespace dovetail::simulators::monday {

class TestClient {
public:
  explicit TestClient(Handler& handler, std::string token = "secret-token")
      : handler_(handler), token_(std::move(token)) {}

  Answer ask(std::string_view query, std::string_view variables = "{}", std::vector<Header> headers = {}) {
    JsonText body;
    body.begin_object().member("query", query).name("variables").raw(variables).end_object();
    SimRequest request{.method = "POST", .target = "/v2", .headers = std::move(headers), .body = body.take()};
    request.headers.push_back({"Authorization", token_});
    request.headers.push_back({"API-Version", "2026-10"});
    request.headers.push_back({"Content-Type", "application/json"});
    return handler_.handle(request);
  }
  /// The text at a pointer of the answer; "missing" when nothing stands there.
  static std::string at(const Answer& answer, const std::string& pointer) {
    rapidjson::Document document;
    document.Parse(answer.content().data(), answer.content().size());
    EXPECT_FALSE(document.HasParseError()) << answer.content().substr(0, 300);
    const auto* found = rapidjson::Pointer(pointer.c_str()).Get(document);
    return found == nullptr    ? "missing"
           : found->IsString() ? std::string(found->GetString(), found->GetStringLength())
           : found->IsInt64()  ? std::to_string(found->GetInt64())
           : found->IsArray()  ? std::to_string(found->Size()) + " elements"
           : found->IsNull()   ? "null"
                               : "other";
  }

private:
  Handler& handler_;
  std::string token_;
};

} // namespace dovetail::simulators::monday
