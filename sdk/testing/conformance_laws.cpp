// SPDX-License-Identifier: Apache-2.0
// The laws themselves. Each builds the worlds that it needs anew, so that none depends on another.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "conformance_reader.hpp"
#include "conformance_spoil.hpp"
#include "conformance_trial.hpp"
#include "dovetail/testing/conformance.hpp"

namespace dovetail::testing {

namespace {

using Problems = std::vector<std::string>;
using Step = ConformanceReader::Step;

/// Failed pages that one pass may have while each of its requests fails once.
constexpr std::size_t many_failures = 20'000;

/// Runs a law on a fresh trial.
template <typename Law> Problems on_trial(const ConformanceProvider& provider, Law law) {
  Trial trial(provider);
  if (trial.usable()) {
    law(trial);
  }
  return trial.end();
}

Problems two_passes_are_equal(const ConformanceProvider& provider) {
  return on_trial(provider, [](Trial& trial) {
    const auto reader = trial.reader();
    if (reader == nullptr || !trial.expect(reader->pass(true), "a first full pass")) {
      return;
    }
    const auto first = reader->rows();
    for (const auto& object : trial.objects()) {
      if (!first.contains(object.key)) {
        trial.blame("the world has no record of the object " + object.key + ", so nothing is shown about it");
      }
    }
    trial.expect(reader->pass(true), "a second full pass");
    trial.compare(first, reader->rows(), "a second full pass");
    trial.expect(reader->pass(false), "a delta after it");
    trial.compare(first, reader->rows(), "a delta of an account in which nothing changed");
    reader->begin(true, true);
    trial.expect(reader->run(), "a full pass that trusts nothing");
    trial.compare(first, reader->rows(), "a full pass that trusts nothing");
  });
}

Problems a_delta_after_changes_equals_a_fresh_full_pass(const ConformanceProvider& provider) {
  return on_trial(provider, [](Trial& trial) {
    const auto reader = trial.reader();
    if (reader == nullptr || !trial.expect(reader->pass(true), "a first full pass")) {
      return;
    }
    for (std::uint64_t round = 1; round <= 4; ++round) {
      const auto before = reader->rows();
      trial.world().change(Trial::seed + round);
      if (!trial.expect(reader->pass(false), "a delta after changes")) {
        return;
      }
      if (reader->rows() == before) {
        trial.blame("the world's change(" + std::to_string(Trial::seed + round) + ") changes nothing that can be seen");
      }
      trial.compare(trial.fresh_rows(), reader->rows(), "a delta after round " + std::to_string(round) + " of changes");
    }
  });
}

Problems a_full_pass_finds_what_is_gone(const ConformanceProvider& provider) {
  return on_trial(provider, [](Trial& trial) {
    const bool sweeps =
        std::any_of(trial.objects().begin(), trial.objects().end(), [](const auto& object) { return object.sweeps; });
    const auto reader = trial.reader();
    if (!sweeps || reader == nullptr || !trial.expect(reader->pass(true), "a first full pass")) {
      return;
    }
    const auto before = reader->rows();
    trial.world().remove(Trial::seed);
    trial.expect(reader->pass(true), "a full pass after a removal");
    auto wanted = trial.fresh_rows();
    if (before == wanted) {
      trial.blame("the world's remove() removes nothing that can be seen");
    }
    // Rows that nobody sweeps stay.
    for (const auto& object : trial.objects()) {
      if (!object.sweeps && before.contains(object.key)) {
        wanted[object.key].insert(before.at(object.key).begin(), before.at(object.key).end());
      }
    }
    trial.compare(wanted, reader->rows(), "a full pass after a removal");
  });
}

Problems a_crash_at_any_page_loses_and_doubles_nothing(const ConformanceProvider& provider) {
  return on_trial(provider, [](Trial& trial) {
    const auto wanted = trial.fresh_rows();
    const auto reader = trial.reader();
    if (reader == nullptr) {
      return;
    }
    reader->crash_at_every_page = true;
    trial.expect(reader->pass(true), "a full pass of which every page is read by a new process");
    trial.compare(wanted, reader->rows(), "a full pass with a crash at every page");
    trial.world().change(Trial::seed + 1);
    trial.expect(reader->pass(false), "a delta of which every page is read by a new process");
    trial.compare(trial.fresh_rows(), reader->rows(), "a delta with a crash at every page");
  });
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
    const auto first_time = [&seen](const SentRequest& sent) {
      return seen.insert(sent.method + " " + sent.url + " " + sent.body).second;
    };
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

Problems refused_credentials_are_told_and_complete_no_page(const ConformanceProvider& provider) {
  // At the beginning, and in the middle of a pass.
  Problems problems;
  for (const std::size_t pages : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
    auto found = on_trial(provider, [pages](Trial& trial) {
      const auto reader = trial.reader();
      if (reader == nullptr) {
        return;
      }
      reader->begin(true);
      for (std::size_t page = 0; page < pages; ++page) {
        const auto went = reader->step();
        if (went == Step::failed) {
          trial.blame("a first full pass fails: " + reader->error().message);
        }
        if (went != Step::more) {
          return;
        }
      }
      trial.world().revoke(0);
      const std::string after = " after the credentials were revoked behind page " + std::to_string(pages);
      const auto went = reader->step();
      if (went != Step::failed) {
        trial.blame("a page is complete" + after);
      } else if (reader->error().code != sdk::Code::unauthenticated) {
        trial.blame("the error" + after + " has another code than unauthenticated: " + reader->error().message);
      }
      const auto test = reader->host().test_connection();
      if (test.status.ok() || test.status.error().code != sdk::Code::unauthenticated) {
        trial.blame("test_connection" + after + " does not say unauthenticated" +
                    (test.status.ok() ? std::string() : ": " + test.status.error().message));
      }
    });
    problems.insert(problems.end(), found.begin(), found.end());
  }
  return problems;
}

Problems a_cancelled_call_ends(const ConformanceProvider& provider) {
  Problems problems;
  for (const std::size_t requests : {0U, 1U, 2U, 3U, 5U, 8U, 13U, 21U}) {
    auto found = on_trial(provider, [requests](Trial& trial) {
      const auto reader = trial.reader();
      if (reader == nullptr) {
        return;
      }
      reader->host().cancel_after_requests(requests);
      const auto status = reader->pass(true);
      const auto sent = reader->host().http().requests().size();
      const std::string what = "a pass cancelled after " + std::to_string(requests) + " requests ";
      if (sent > requests) {
        trial.blame(what + "sends " + std::to_string(sent));
      }
      if (!status.ok() && status.error().code != sdk::Code::cancelled) {
        trial.blame(what + "fails with another code than cancelled: " + status.error().message);
      }
      if (status.ok() && requests == 0) {
        trial.blame(what + "is complete all the same");
      }
    });
    problems.insert(problems.end(), found.begin(), found.end());
  }
  return problems;
}

Problems a_late_call_ends(const ConformanceProvider& provider) {
  return on_trial(provider, [](Trial& trial) {
    const auto reader = trial.reader();
    if (reader == nullptr) {
      return;
    }
    // Each request takes 20 of the 30 seconds: a third one finds the call over.
    reader->host().set_call_timeout(std::chrono::seconds(30));
    reader->spoil = [&reader](const SentRequest&, Reply&) { reader->host().advance(std::chrono::seconds(20)); };
    const auto status = reader->pass(true);
    if (!status.ok() && status.error().code != sdk::Code::deadline_exceeded) {
      trial.blame("a page past its deadline fails with another code: " + status.error().message);
    }
    const auto late = trial.reader();
    if (late == nullptr) {
      return;
    }
    late->host().set_call_timeout(std::chrono::seconds(0));
    const auto nothing = late->pass(true);
    if (nothing.ok() || nothing.error().code != sdk::Code::deadline_exceeded) {
      trial.blame("a call without any time left does not fail with deadline_exceeded");
    }
    if (!late->host().http().requests().empty()) {
      trial.blame("a call without any time left sends requests");
    }
  });
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
    auto found = on_trial(provider, [choice, &spoilt](Trial& trial) {
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
    // A broken address leads to undescribed requests: they say nothing about the plugin.
    std::erase_if(found,
                  [](const std::string& problem) { return problem.starts_with("a request that the provider's"); });
    problems.insert(problems.end(), found.begin(), found.end());
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
    auto found = on_trial(provider, [choice](Trial& trial) {
      const auto wanted = trial.fresh_rows();
      const auto reader = trial.reader();
      if (reader == nullptr) {
        return;
      }
      // Broken the first time only: what cannot be understood is asked for again.
      std::set<std::string> seen;
      reader->spoil = [choice, &seen](const SentRequest& sent, Reply& reply) {
        const auto asked = sent.method + " " + sent.url + " " + sent.body;
        if (seen.insert(asked).second) {
          reply.body = with_a_broken_member(reply.body, mix(asked, choice));
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
    // As above.
    std::erase_if(found,
                  [](const std::string& problem) { return problem.starts_with("a request that the provider's"); });
    problems.insert(problems.end(), found.begin(), found.end());
  }
  return problems;
}

Problems two_accounts_do_not_mix(const ConformanceProvider& provider) {
  return on_trial(provider, [](Trial& trial) {
    const std::array wanted = {trial.fresh_rows(0), trial.fresh_rows(1)};
    if (wanted[0] == wanted[1]) {
      trial.blame("the world's two accounts hold the same records, so nothing is shown");
    }
    const std::array readers = {trial.reader(0), trial.reader(1)};
    if (readers[0] == nullptr || readers[1] == nullptr) {
      return;
    }
    std::array<bool, 2> running = {true, true};
    readers[0]->begin(true);
    readers[1]->begin(true);
    while (running[0] || running[1]) {
      for (std::size_t account = 0; account < 2; ++account) {
        const auto went = running.at(account) ? readers.at(account)->step() : Step::done;
        running.at(account) = went == Step::more;
        if (went == Step::failed) {
          trial.blame("a pass beside that of another account fails: " + readers.at(account)->error().message);
        }
      }
    }
    for (std::size_t account = 0; account < 2; ++account) {
      trial.compare(wanted.at(account), readers.at(account)->rows(),
                    "the pass of account " + std::to_string(account) + " beside the other one's");
    }
    // Nor does what goes wrong with one of them.
    trial.world().change(Trial::seed + 1);
    trial.world().revoke(1);
    readers[1]->begin(false);
    static_cast<void>(readers[1]->step());
    trial.expect(readers[0]->pass(false), "a delta beside an account whose credentials are refused");
    trial.compare(trial.fresh_rows(0), readers[0]->rows(), "a delta beside an account whose credentials are refused");
  });
}

Problems page_keys_are_stable(const ConformanceProvider& provider) {
  return on_trial(provider, [](Trial& trial) {
    const auto first = trial.reader();
    const auto second = trial.reader();
    if (first == nullptr || second == nullptr || !trial.expect(first->pass(true), "a first full pass") ||
        !trial.expect(second->pass(true), "a first full pass of another process")) {
      return;
    }
    if (first->page_keys() != second->page_keys()) {
      trial.blame("two processes give the same pages different page keys");
    }
    const auto keys = first->page_keys();
    trial.expect(first->pass(true), "a second full pass");
    if (first->page_keys() != keys) {
      trial.blame("a second full pass gives the same pages other page keys");
    }
  });
}

} // namespace

const std::vector<ConformanceLaw>& conformance_laws() {
  static const std::vector<ConformanceLaw> laws = {
      {"two_passes_are_equal", &two_passes_are_equal},
      {"a_delta_after_changes_equals_a_fresh_full_pass", &a_delta_after_changes_equals_a_fresh_full_pass},
      {"a_full_pass_finds_what_is_gone", &a_full_pass_finds_what_is_gone},
      {"a_crash_at_any_page_loses_and_doubles_nothing", &a_crash_at_any_page_loses_and_doubles_nothing},
      {"server_errors_lose_nothing", &server_errors_lose_nothing},
      {"limits_lose_nothing", &limits_lose_nothing},
      {"lost_connections_lose_nothing", &lost_connections_lose_nothing},
      {"truncated_answers_lose_nothing", &truncated_answers_lose_nothing},
      {"credentials_that_are_renewed_lose_nothing", &credentials_that_are_renewed_lose_nothing},
      {"refused_credentials_are_told_and_complete_no_page", &refused_credentials_are_told_and_complete_no_page},
      {"a_cancelled_call_ends", &a_cancelled_call_ends},
      {"a_late_call_ends", &a_late_call_ends},
      {"unknown_members_change_nothing", &unknown_members_change_nothing},
      {"broken_members_break_no_rule", &broken_members_break_no_rule},
      {"broken_answers_leave_nothing_behind", &broken_answers_leave_nothing_behind},
      {"two_accounts_do_not_mix", &two_accounts_do_not_mix},
      {"page_keys_are_stable", &page_keys_are_stable},
  };
  return laws;
}

} // namespace dovetail::testing
