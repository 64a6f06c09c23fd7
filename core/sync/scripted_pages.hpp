// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/plugin/owned_body.hpp"
#include "core/sync/page_source.hpp"

/// Pages that a test writes down, for whole syncs of one object.
namespace dovetail::sync::testing_world {

/// A page of records, JSON text; the last one unless `next` is its cursor.
inline FetchedPage page(const std::string& records, std::string next = {}) {
  FetchedPage fetched;
  if (!records.empty()) {
    fetched.records.push_back(
        {.body = std::make_shared<plugin::OwnedBody>(records), .pointer = {}, .constants = {}, .page_key = {}});
  }
  fetched.requests = 1;
  fetched.exhausted = next.empty();
  fetched.next_cursor = std::move(next);
  return fetched;
}

/// What the provider would answer, and what it was asked.
struct Script {
  std::deque<Result<FetchedPage>> answers;
  std::vector<PageRequest> asked;
  std::function<void(const Cancellation&)> meanwhile; ///< happens while a page is fetched
};

class ScriptedSource final : public PageSource {
public:
  explicit ScriptedSource(Script& script) : script_(script) {}
  Result<FetchedPage> fetch(const PageRequest& request, const Cancellation& cancellation) override {
    script_.asked.push_back(request);
    ++exchanges_.requests;
    if (script_.answers.empty()) {
      return internal("the script has ended");
    }
    if (script_.meanwhile) {
      script_.meanwhile(cancellation);
    }
    auto answer = std::move(script_.answers.front());
    script_.answers.pop_front();
    return answer;
  }
  [[nodiscard]] Exchanges exchanges() const override { return exchanges_; }

private:
  Script& script_;
  Exchanges exchanges_;
};

} // namespace dovetail::sync::testing_world
