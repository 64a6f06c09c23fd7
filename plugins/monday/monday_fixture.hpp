// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "dovetail/testing/fake_host.hpp"

extern "C" const dvt_plugin_descriptor* dvt_plugin_query(std::uint32_t, std::uint32_t) noexcept;

namespace dovetail::monday {

using testing::FakeHost;
using testing::JsonTree;
using testing::RecordedPage;
using testing::Reply;
using testing::SentRequest;

/// The plugin before a host and an API that answer what a test lays down.
class Monday : public ::testing::Test {
protected:
  static constexpr auto settings =
      R"({"pageSize":200,"smallestPage":10,"listSize":2,"creationOrder":"__creation_log__","changeOrder":"__last_updated__"})";
  static constexpr auto parents = R"([{"external_id":"51","name":"Tickets"}])";

  Monday() { host_.set_now(*sdk::parse_iso8601("2026-11-27T12:00:00Z")); }

  void create(std::string_view config = R"({"ticketBoards":["51"],"projectBoards":[52]})") {
    const auto status = host_.create(config, settings, "https://api.monday.com");
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  /// Answers in their order, whatever is asked.
  void answer(std::vector<Reply> replies) {
    host_.http().set_handler([replies = std::move(replies), next = std::size_t{0}](const SentRequest& request) mutable {
      EXPECT_EQ(request.method, "POST");
      EXPECT_EQ(request.url, "/v2");
      return next < replies.size() ? std::optional(replies[next++]) : std::nullopt;
    });
  }
  [[nodiscard]] std::string query(std::size_t i) const {
    const auto tree = JsonTree::parse(const_cast<FakeHost&>(host_).http().requests().at(i).body);
    return tree.ok() ? (*tree)->root().find("/query")->string : "";
  }
  [[nodiscard]] std::string variable(std::size_t i, const std::string& pointer) const {
    const auto tree = JsonTree::parse(const_cast<FakeHost&>(host_).http().requests().at(i).body);
    const auto* found = tree.ok() ? (*tree)->root().find("/variables" + pointer) : nullptr;
    return found == nullptr ? "missing" : std::string(found->raw);
  }
  [[nodiscard]] RecordedPage read(const std::string& cursor = {}, std::optional<sdk::Timestamp> since = {},
                                  bool full = true) {
    return host_.read_page({.object = "item",
                            .cursor = cursor,
                            .since = since,
                            .parents = parents,
                            .fields = {"/id", "/name", "/col_status/0/label"},
                            .full = full});
  }

  FakeHost host_{&dvt_plugin_query};
};

} // namespace dovetail::monday
