// SPDX-License-Identifier: Apache-2.0
// The laws themselves. Each builds the worlds that it needs anew, so that none depends on another.
#include <algorithm>
#include <array>
#include <utility>

#include "conformance_failures.hpp"
#include "conformance_reader.hpp"
#include "conformance_trial.hpp"
#include "dovetail/testing/conformance.hpp"

namespace dovetail::testing {

namespace {

using Step = ConformanceReader::Step;

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

Problems a_full_pass_after_changes_equals_a_fresh_one(const ConformanceProvider& provider) {
  // What is remembered of the pass before (answers that stand, stamps) must not hide what changed.
  return on_trial(provider, [](Trial& trial) {
    const auto reader = trial.reader();
    if (reader == nullptr || !trial.expect(reader->pass(true), "a first full pass")) {
      return;
    }
    for (std::uint64_t round = 1; round <= 2; ++round) {
      trial.world().change(Trial::seed + round);
      const std::string what = "a full pass after round " + std::to_string(round) + " of changes";
      if (!trial.expect(reader->pass(true), what)) {
        return;
      }
      trial.compare(trial.fresh_rows(), reader->rows(), what);
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
      {"a_full_pass_after_changes_equals_a_fresh_one", &a_full_pass_after_changes_equals_a_fresh_one},
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
