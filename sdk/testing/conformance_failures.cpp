// SPDX-License-Identifier: Apache-2.0
#include "conformance_failures.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "conformance_reader.hpp"
#include "conformance_spoil.hpp"

namespace dovetail::testing {

namespace {

/// Failed pages that one pass may have while each of its requests fails once.
constexpr std::size_t many_failures = 20'000;

/// Tells requests apart: the same one has the same text.
std::string asked(const SentRequest& sent) { return sent.method + " " + sent.url + " " + sent.body; }

/// A broken address leads to undescribed requests: they say nothing about the plugin.
void append_but_undescribed(Problems& problems, const Problems& found) {
  std::copy_if(found.begin(), found.end(), std::back_inserter(problems),
               [](const std::string& problem) { return !problem.starts_with("a request that the provider's"); });
}

/// What the first try of every request comes to.
struct Failure {
  std::string_view name;
  int status = 0; ///< an answer of this status; 0: see `error` and `cut`
  std::optional<sdk::Error> error = {};
  bool cut = false;     ///< the answer, with half of its body
  bool refused = false; ///< what the provider answers to credentials that it refuses
};

Problems failing_once(const ConformanceProvider& provider, const Failure& failure) {
  return on_trial(provider, [&provider, &failure](Trial& trial) {
    const auto wanted = trial.fresh_rows();
    const auto reader = trial.reader();
    if (reader == nullptr) {
      return;
    }
    std::set<std::string> seen;
    std::unique_ptr<ConformanceWorld> refusing;
    if (failure.refused) {
      refusing = provider.make_world(Trial::seed);
      refusing->revoke(0);
    }
    const auto first_time = [&seen](const SentRequest& sent) { return seen.insert(asked(sent)).second; };
    if (failure.cut) {
      reader->spoil = [&first_time](const SentRequest& sent, Reply& reply) {
        if (reply.body.size() > 2 && first_time(sent)) {
          reply.body.resize(reply.body.size() / 2);
        }
      };
    } else {
      reader->intercept = [&](const SentRequest& sent) -> std::optional<Reply> {
        if (!first_time(sent)) {
          return std::nullopt;
        }
        if (refusing != nullptr) {
          return refusing->answer(0, sent);
        }
        Reply reply{.status = failure.status, .body = "<html>try again</html>", .headers = {{"Retry-After", "1"}}};
        reply.error = failure.error;
        return reply;
      };
    }
    const std::string what = "a pass whose every request first meets " + std::string(failure.name);
    trial.expect(reader->pass(true, many_failures), what);
    trial.compare(wanted, reader->rows(), what);
    trial.world().change(Trial::seed + 1);
    seen.clear();
    trial.expect(reader->pass(false, many_failures), what + " (a delta)");
    trial.compare(trial.fresh_rows(), reader->rows(), what + " (a delta)");
  });
}

} // namespace

Problems server_errors_lose_nothing(const ConformanceProvider& provider) {
  Problems problems;
  for (const Failure& failure :
       {Failure{"a 500", 500}, Failure{"a 502", 502}, Failure{"a 503", 503}, Failure{"a 504", 504}}) {
    auto found = failing_once(provider, failure);
    problems.insert(problems.end(), found.begin(), found.end());
  }
  return problems;
}

Problems limits_lose_nothing(const ConformanceProvider& provider) {
  auto problems = failing_once(provider, {"a 429", 429});
  auto limited = sdk::make_error(sdk::Code::resource_exhausted, "the rate limit is used up", sdk::Retry::rate_limited);
  limited.retry_after = std::chrono::seconds(30);
  auto found = failing_once(provider, {"the host's rate limit", 0, limited});
  problems.insert(problems.end(), found.begin(), found.end());
  return problems;
}

Problems lost_connections_lose_nothing(const ConformanceProvider& provider) {
  auto problems = failing_once(
      provider, {"a reset", 0, sdk::make_error(sdk::Code::unavailable, "connection reset", sdk::Retry::transient)});
  auto found = failing_once(
      provider,
      {"a timeout", 0, sdk::make_error(sdk::Code::deadline_exceeded, "no answer in time", sdk::Retry::transient)});
  problems.insert(problems.end(), found.begin(), found.end());
  return problems;
}

Problems truncated_answers_lose_nothing(const ConformanceProvider& provider) {
  return failing_once(provider, {.name = "half an answer", .cut = true});
}

Problems credentials_that_are_renewed_lose_nothing(const ConformanceProvider& provider) {
  // They run out in the middle of a page; the host, which has others by then, reads it again.
  return failing_once(provider, {.name = "credentials that have run out", .refused = true});
}

Problems unknown_members_change_nothing(const ConformanceProvider& provider) {
  return on_trial(provider, [](Trial& trial) {
    const auto reader = trial.reader();
    const auto plain = trial.reader();
    if (reader == nullptr || plain == nullptr) {
      return;
    }
    bool spoilt = false;
    reader->spoil = [&spoilt](const SentRequest&, Reply& reply) {
      auto body = with_unknown_members(reply.body);
      spoilt = spoilt || body != reply.body;
      reply.body = std::move(body);
    };
    plain->spoil = [](const SentRequest&, Reply& reply) { reply.body = without_unknown_members(reply.body); };
    trial.expect(plain->pass(true), "a first full pass");
    trial.expect(reader->pass(true), "a pass whose answers have unknown members");
    if (!spoilt) {
      trial.blame("no answer is JSON or XML-RPC with members, so nothing is shown");
    }
    // A field that is an object of the provider's own has the unknown member too.
    auto rows = reader->rows();
    for (auto& [object, lines] : rows) {
      for (auto& [id, line] : lines) {
        line = without_unknown_members(line);
      }
    }
    trial.compare(plain->rows(), rows, "a pass whose answers have unknown members");
  });
}

Problems broken_members_break_no_rule(const ConformanceProvider& provider) {
  Problems problems;
  constexpr std::uint64_t worlds = 40;
  bool spoilt = false;
  for (std::uint64_t choice = 1; choice <= worlds; ++choice) {
    const auto found = on_trial(provider, [choice, &spoilt](Trial& trial) {
      const auto reader = trial.reader();
      if (reader == nullptr) {
        return;
      }
      // In every eighth answer one member is missing or of another kind.
      reader->spoil = [choice, &spoilt](const SentRequest& sent, Reply& reply) {
        if (const auto key = mix(sent.url + sent.body, choice); key % 8 == 0) {
          auto body = with_a_broken_member(reply.body, key / 8);
          spoilt = spoilt || body != reply.body;
          reply.body = std::move(body);
        }
      };
      const auto status = reader->pass(true);
      if (!status.ok() && status.error().code == sdk::Code::internal) {
        trial.blame("an answer with a missing or a retyped member (choice " + std::to_string(choice) +
                    ") makes the plugin break a rule: " + status.error().message);
      }
    });
    append_but_undescribed(problems, found);
  }
  if (!spoilt) {
    problems.emplace_back("no answer is JSON or XML-RPC with members, so nothing is shown");
  }
  return problems;
}

Problems broken_answers_leave_nothing_behind(const ConformanceProvider& provider) {
  Problems problems;
  constexpr std::uint64_t worlds = 8;
  for (std::uint64_t choice = 1; choice <= worlds; ++choice) {
    const auto found = on_trial(provider, [choice](Trial& trial) {
      const auto wanted = trial.fresh_rows();
      const auto reader = trial.reader();
      if (reader == nullptr) {
        return;
      }
      // Broken the first time only: what cannot be understood is asked for again.
      std::set<std::string> seen;
      reader->spoil = [choice, &seen](const SentRequest& sent, Reply& reply) {
        const auto request = asked(sent);
        if (seen.insert(request).second) {
          reply.body = with_a_broken_member(reply.body, mix(request, choice));
        }
      };
      static_cast<void>(reader->pass(true, many_failures));
      reader->spoil = nullptr;
      const std::string what =
          "a pass that trusts nothing, after one with broken answers (choice " + std::to_string(choice) + ")";
      reader->begin(true, true);
      trial.expect(reader->run(), what);
      // Rows of broken ids that nobody sweeps stay.
      auto rows = reader->rows();
      for (const auto& object : trial.objects()) {
        if (!object.sweeps && rows.contains(object.key) && wanted.contains(object.key)) {
          std::erase_if(rows.at(object.key),
                        [&](const auto& row) { return !wanted.at(object.key).contains(row.first); });
        }
      }
      trial.compare(wanted, rows, what);
    });
    append_but_undescribed(problems, found);
  }
  return problems;
}

} // namespace dovetail::testing
