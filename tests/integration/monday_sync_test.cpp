// SPDX-License-Identifier: Apache-2.0
// Whole syncs against the simulated monday, in virtual time: real plugin, ABI, client, limiter, vault, mapping and store.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/monday_world.hpp"

namespace dovetail::test {
namespace {

using simulators::FaultKind;
using simulators::monday::Board;
using simulators::monday::Cell;
using simulators::monday::Column;
using simulators::monday::Item;
using simulators::monday::Layout;
using simulators::monday::SimulatorOptions;
using simulators::monday::State;
using simulators::monday::World;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto boards = R"("ticketBoards":["5100000001",5100000002],"projectBoards":["5100000003"],
  "boardColumns":{"5100000002":{"description":"description_7","portal_id":"portal_id_7","client_email":"client_email_7",
  "status":"status_7","priority":"priority_7"}})";

SimulatorOptions account(std::uint64_t seed, int items) {
  SimulatorOptions options;
  options.world.seed = seed;
  options.world.users = 9;
  options.world.boards = {
      {.name = "Tickets", .layout = Layout::tickets, .items = items},
      {.name = "More tickets", .layout = Layout::tickets, .items = items / 2, .column_suffix = "_7"},
      {.name = "Projects", .layout = Layout::projects, .items = items / 4},
      {.name = "Subitems of Tickets", .layout = Layout::tickets, .items = 5, .type = "sub_items_board"},
      {.name = "Nobody asks for this one", .layout = Layout::tickets, .items = 5}};
  options.tokens = {{.token = "secret-token"}};
  return options;
}

class MondaySync : public ::testing::TestWithParam<store::Dialect> {
protected:
  void SetUp() override {
    if (!testing::TestStore::available(GetParam())) {
      GTEST_SKIP() << "this machine has no PostgreSQL";
    }
  }
};

const Cell& cell(const Board& board, const Item& item, const std::string& name) {
  for (std::size_t i = 0; i < board.columns.size(); ++i) {
    if (board.columns[i].id.starts_with(name)) {
      return item.cells[i];
    }
  }
  throw std::runtime_error("no column " + name);
}

std::string label(const Board& board, const Item& item, const std::string& name) {
  for (std::size_t i = 0; i < board.columns.size(); ++i) {
    if (board.columns[i].id.starts_with(name) && item.cells[i].set) {
      for (const auto& one : board.columns[i].labels) {
        if (one.index == item.cells[i].index) {
          return one.text;
        }
      }
    }
  }
  return "";
}

std::string mapped(const std::map<std::string, std::string>& table, const std::string& text,
                   const std::string& otherwise) {
  const auto found = table.find(text);
  return found == table.end() ? otherwise : found->second;
}

/// A model's active rows of a tenant: id -> the columns, as texts one behind the other. One query for all of them.
std::map<std::string, std::string> stored_rows(MondayWorld& world, const std::string& model,
                                               const std::vector<std::string>& columns, const std::string& where) {
  // Characters that no text of the account has.
  const std::string between = "\x1f";
  const std::string behind = "\x1e";
  std::string row = "external_id";
  for (const auto& column : columns) {
    row += " || '" + between + "' || coalesce(CAST(" + column + " AS TEXT), '')";
  }
  const bool sqlite = world.sync.store.dialect() == store::Dialect::sqlite;
  const std::string text = world.sync.raw("SELECT " + std::string(sqlite ? "group_concat(" : "string_agg(") + row +
                                          ", '" + behind + "') FROM " + model + where + " AND state = 'active'");
  std::map<std::string, std::string> rows;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find(behind, from), text.size());
    const std::size_t id = text.find(between, from);
    rows.emplace(text.substr(from, id - from), text.substr(id + 1, end - id - 1));
    from = end + 1;
  }
  return rows;
}

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += (i == 0 ? "" : "\x1f") + values[i];
  }
  return text;
}

/// What the store must hold of one item, in the order in which expect_truth asks for columns.
std::string truth_of(const Board& board, const Item& item, bool is_ticket) {
  static const std::map<std::string, std::string> states = {
      {"Open", "open"}, {"In Progress", "in_progress"}, {"Resolved", "resolved"}, {"Closed", "closed"}};
  static const std::map<std::string, std::string> priorities = {
      {"Low", "low"}, {"Medium", "medium"}, {"High", "high"}, {"Urgent", "urgent"}};
  const auto text = [&](const std::string& column) {
    const Cell& value = cell(board, item, column);
    return value.set ? value.text : "";
  };
  if (is_ticket) {
    return joined({item.name, std::to_string(board.id), mapped(states, label(board, item, "status"), "open"),
                   mapped(priorities, label(board, item, "priority"), "medium"), text("description"), text("portal_id"),
                   text("client_email")});
  }
  const Cell& revenue = cell(board, item, "revenue");
  return joined({item.name, std::to_string(board.id), text("project_id"),
                 revenue.set ? std::to_string(static_cast<std::int64_t>(revenue.number * 4)) : ""});
}

/// What the store must hold: the active items of the boards, with their values; nothing else is active.
void expect_truth(MondayWorld& world, const SyncWorld::Connected& who) {
  const std::string of_tenant = " WHERE tenant_id = " + std::to_string(who.tenant.id.value);
  const auto count = [&](const std::string& model) {
    return world.sync.raw("SELECT count(*) FROM " + model + of_tenant + " AND state = 'active'");
  };
  const auto tickets =
      stored_rows(world, "ticket",
                  {"title", "board_id", "status", "priority", "description", "portal_id", "client_email"}, of_tenant);
  const auto projects =
      stored_rows(world, "project", {"name", "board_id", "code", "CAST(contract_amount * 4 AS INTEGER)"}, of_tenant);
  world.monday.with_world([&](const World& account) {
    std::map<std::string, std::string> wanted_tickets;
    std::map<std::string, std::string> wanted_projects;
    for (std::size_t b = 0; b < 3; ++b) {
      const Board& board = account.boards()[b];
      for (const Item& item : board.items) {
        if (item.state == State::active) {
          (b < 2 ? wanted_tickets : wanted_projects).emplace(std::to_string(item.id), truth_of(board, item, b < 2));
        }
      }
    }
    EXPECT_EQ(tickets, wanted_tickets);
    EXPECT_EQ(projects, wanted_projects);
    EXPECT_EQ(count("member"),
              std::to_string(std::count_if(account.users().begin(), account.users().end(),
                                           [](const auto& user) { return user.status != "INACTIVE"; })));
  });
  EXPECT_EQ(count("board"), "4") << "without the hidden one of subitems";
  EXPECT_THAT(world.monday.undescribed_requests(), IsEmpty());
}

TEST_P(MondaySync, BringsEverythingInAndFindsNothingNewTheSecondTime_PROV_MONDAY) {
  MondayWorld world(account(7, 60), {.dialect = GetParam()});
  const auto acme = world.connect("acme", boards);
  auto reports = world.sync.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(total(reports).field_errors, 0);
  expect_truth(world, acme);
  const std::string before = world.sync.dump(acme);
  world.sync.store.clock().advance(std::chrono::minutes(15));
  reports = world.sync.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(total(reports).created + total(reports).updated + total(reports).removed, 0);
  EXPECT_LT(report_of(reports, "item").counts.fetched, 10) << "a delta stops early";
  EXPECT_EQ(world.sync.dump(acme), before);
}

TEST_P(MondaySync, EndsADeltaAfterChangesWhereAFreshFullPassEnds_SYNC_8) {
  MondayWorld world(account(11, 50), {.dialect = GetParam()});
  const auto delta = world.connect("delta", boards);
  ASSERT_EQ(errors_of(world.sync.sync(delta)), "");
  for (std::uint64_t round = 1; round <= 4; ++round) {
    // Days pass between some rounds, so that each word for a span of days is used.
    world.sync.store.clock().advance(std::chrono::hours(round * round * 20));
    static_cast<void>(
        world.monday.mutate(round, {.new_items = 5, .updated_items = 6, .renamed_items = 2, .new_users = 1}));
    ASSERT_EQ(errors_of(world.sync.sync(delta)), "") << round;
    const auto full = world.connect("full" + std::to_string(round), boards);
    ASSERT_EQ(errors_of(world.sync.sync(full)), "");
    EXPECT_EQ(world.sync.dump(delta), world.sync.dump(full)) << round;
  }
  expect_truth(world, delta);
}

TEST_P(MondaySync, FindsInAFullPassWhatWasArchivedOrDeleted_SYNC_7) {
  MondayWorld world(account(13, 60), {.dialect = GetParam()});
  const auto acme = world.connect("acme", boards);
  ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  static_cast<void>(
      world.monday.mutate(1, {.archived_items = 3, .deleted_items = 3, .deactivated_users = 1, .board = 0}));
  world.sync.store.clock().advance(std::chrono::minutes(30));
  ASSERT_EQ(errors_of(world.sync.sync(acme, {.full = true})), "");
  expect_truth(world, acme);
  // An archived board takes its items along.
  static_cast<void>(
      world.monday.with_world([](World& account) { return account.archive_board(MondayWorld::first_board + 1); }));
  ASSERT_EQ(errors_of(world.sync.sync(acme, {.full = true, .max_removed_share = 1})), "");
  EXPECT_EQ(world.sync.raw("SELECT count(*) FROM ticket WHERE state = 'active' AND board_id = '5100000002'"), "0");
}

TEST_P(MondaySync, SurvivesCursorsThatExpireInTheMiddle_SYNC_4) {
  MondayWorld calm(account(17, 120), {.dialect = GetParam()});
  const auto undisturbed = calm.connect("acme", boards);
  ASSERT_EQ(errors_of(calm.sync.sync(undisturbed)), "");

  MondayWorld world(account(17, 120), {.dialect = GetParam()});
  const auto acme = world.connect("acme", std::string(boards) + R"(,"pageSize":10)");
  world.before_each_request([&world](std::uint64_t number) {
    if (number % 9 == 0) {
      world.sync.store.clock().advance(std::chrono::minutes(61));
    }
  });
  const auto reports = world.sync.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_GT(world.monday.statistics().by_code["CursorExpiredError"], 1U) << "the cursor was gone when it was used";
  EXPECT_EQ(world.sync.dump(acme), calm.sync.dump(undisturbed)) << "nothing lost, nothing doubled";
  EXPECT_EQ(report_of(reports, "item").counts.created, world.sync.count(acme, "ticket"));
}

TEST_P(MondaySync, GoesOnAtItsLastPageInAnotherProcess_SYNC_4) {
  MondayWorld world(account(19, 100), {.dialect = GetParam()});
  const auto acme = world.connect("acme", std::string(boards) + R"(,"pageSize":10)");
  ASSERT_EQ(errors_of(world.sync.sync(acme, {.objects = {"board"}})), "");
  bool broken = true;
  std::uint64_t from = 0;
  world.before_each_request([&](std::uint64_t number) {
    from = from == 0 ? number : from;
    if (broken && number >= from + 4) {
      world.monday.force({.code = "UserUnauthorizedException", .status_code = 403});
    }
  });
  EXPECT_NE(errors_of(world.sync.sync(acme, {.objects = {"item"}})), "");
  const auto stored = world.sync.count(acme, "ticket");
  EXPECT_GT(stored, 0);
  broken = false;
  world.sync.restart();
  const auto reports = world.sync.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_TRUE(report_of(reports, "item").resumed);
  EXPECT_EQ(report_of(reports, "item").counts.created + stored, world.sync.count(acme, "ticket"));
  expect_truth(world, acme);
}

TEST_P(MondaySync, LosesNothingWhileTheBoardsMoveUnderIt_SYNC_4) {
  auto options = account(23, 90);
  options.faults.seed = 5;
  options.faults.probabilities[FaultKind::data_moves] = 0.5;
  MondayWorld world(options, {.dialect = GetParam()});
  const auto acme = world.connect("acme", std::string(boards) + R"(,"pageSize":10)");
  ASSERT_EQ(errors_of(world.sync.sync(acme, {.max_removed_share = 1})), "");
  world.monday.set_faults({});
  world.sync.store.clock().advance(std::chrono::minutes(1));
  // What changed while it was read comes with the next delta; what went, with the next full pass.
  ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  const auto missing = world.monday.with_world([&](const World& account) {
    std::set<std::string> lost;
    for (std::size_t b = 0; b < 2; ++b) {
      for (const Item& item : account.boards()[b].items) {
        if (item.state == State::active && world.sync.raw("SELECT count(*) FROM ticket WHERE external_id = '" +
                                                          std::to_string(item.id) + "'") == "0") {
          lost.insert(std::to_string(item.id));
        }
      }
    }
    return lost;
  });
  EXPECT_THAT(missing, IsEmpty());
  ASSERT_EQ(errors_of(world.sync.sync(acme, {.full = true, .max_removed_share = 1})), "");
  expect_truth(world, acme);
}

TEST_P(MondaySync, KeepsToTheBudgetOfComplexityInsteadOfRunningIntoIt) {
  auto options = account(29, 100);
  options.limits.complexity_per_minute = 3'000;
  MondayWorld world(options, {.dialect = GetParam()});
  const auto acme = world.connect("acme", std::string(boards) + R"(,"pageSize":50)");
  ASSERT_EQ(errors_of(world.sync.sync(acme, {.max_wait = std::chrono::minutes(10)})), "");
  expect_truth(world, acme);
  EXPECT_LE(world.monday.statistics().by_code["COMPLEXITY_BUDGET_EXHAUSTED"], 8U)
      << "first pages cannot know what they cost";
  EXPECT_GT(world.monday.statistics().complexity, 6'000);
}

TEST_P(MondaySync, HalvesPagesUntilTheQueryIsAllowed) {
  auto options = account(31, 60);
  options.limits.complexity_per_query = 700;
  MondayWorld world(options, {.dialect = GetParam()});
  const auto acme = world.connect("acme", boards);
  ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  EXPECT_GT(world.monday.statistics().by_code["ComplexityException"], 0U);
  expect_truth(world, acme);
}

TEST_P(MondaySync, EndsInTheSameStateThroughAStormOfFaults_HTTP_2) {
  MondayWorld calm(account(37, 60), {.dialect = GetParam()});
  const auto undisturbed = calm.connect("acme", boards);
  ASSERT_EQ(errors_of(calm.sync.sync(undisturbed)), "");
  for (std::uint64_t seed = 1;
       seed <= static_cast<std::uint64_t>(scaled(GetParam() == store::Dialect::sqlite ? 10 : 3)); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    auto options = account(37, 60);
    options.gzip = true;
    options.faults.seed = seed;
    for (const auto kind : {FaultKind::rate_limit_seconds, FaultKind::rate_limit_date, FaultKind::primary_limit,
                            FaultKind::secondary_limit, FaultKind::secondary_limit_bare, FaultKind::server_error,
                            FaultKind::bad_gateway, FaultKind::unavailable, FaultKind::gateway_timeout,
                            FaultKind::reset_before_headers, FaultKind::reset_after_headers, FaultKind::truncated_body,
                            FaultKind::oversized_body, FaultKind::slow_drip, FaultKind::wrong_content_type,
                            FaultKind::invalid_json, FaultKind::corrupt_gzip, FaultKind::foreign_redirect}) {
      options.faults.probabilities[kind] = 0.03;
    }
    MondayWorld world(options, {.dialect = GetParam()});
    const auto acme = world.connect("acme", std::string(boards) + R"(,"pageSize":20)");
    ASSERT_TRUE(world.sync.sync_until_done(acme, 60)) << world.sync.logger.text();
    EXPECT_EQ(world.sync.dump(acme), calm.sync.dump(undisturbed));
    EXPECT_THAT(world.sync.transport.foreign_origins(), IsEmpty());
  }
}

TEST_P(MondaySync, DoesNotMindAServiceWhoseClockRunsAhead) {
  auto options = account(41, 40);
  options.skew = std::chrono::hours(3);
  MondayWorld world(options, {.dialect = GetParam()});
  const auto acme = world.connect("acme", boards);
  ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  for (std::uint64_t round = 1; round <= 3; ++round) {
    world.sync.store.clock().advance(std::chrono::hours(9));
    static_cast<void>(world.monday.mutate(round, {.new_items = 3, .updated_items = 3}));
    ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  }
  expect_truth(world, acme);
}

TEST_P(MondaySync, SaysSoWhenABoardIsHiddenAndRemovesNothing_SYNC_7) {
  MondayWorld world(account(43, 30), {.dialect = GetParam()});
  const auto acme = world.connect("acme", boards);
  ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  world.monday.force({.code = "UserUnauthorizedException", .status_code = 403, .times = 4});
  EXPECT_THAT(errors_of(world.sync.sync(acme, {.full = true})), HasSubstr("permission_denied"));
  EXPECT_EQ(world.sync.raw("SELECT count(*) FROM ticket WHERE state <> 'active'"), "0");
}

TEST_P(MondaySync, CreatesAndChangesItemsAndReadsThemBack_PROV_MONDAY) {
  MondayWorld world(account(47, 20), {.dialect = GetParam()});
  const auto acme = world.connect("acme", boards);
  ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  const auto invoke = [&](std::string_view action, std::string_view input, std::string_view key) {
    return world.sync.service().invoke_action(acme.tenant, acme.connection,
                                              {.action = action, .input = input, .idempotency_key = key}, {});
  };
  const auto made =
      invoke("create_item",
             R"({"board":5100000002,"name":"Email not working","values":{"description":"No \"mail\" since Monday",
    "portal_id":"client_abc123","client_email":"client@example.com","status":"Open","priority":"High"}})",
             "ticket-1");
  ASSERT_TRUE(made.ok()) << made.error().message;
  ASSERT_TRUE(made->status.ok()) << made->status.error().message;
  const auto again =
      invoke("create_item",
             R"({"board":5100000002,"name":"Email not working","values":{"description":"No \"mail\" since Monday",
    "portal_id":"client_abc123","client_email":"client@example.com","status":"Open","priority":"High"}})",
             "ticket-1");
  ASSERT_TRUE(again.ok() && again->status.ok());
  EXPECT_EQ(again->output, made->output);
  world.sync.store.clock().advance(std::chrono::minutes(1));
  ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  const std::string where = " FROM ticket WHERE title = 'Email not working'";
  EXPECT_EQ(world.sync.raw("SELECT count(*)" + where), "1");
  EXPECT_EQ(
      world.sync.raw(
          "SELECT status || '/' || priority || '/' || portal_id || '/' || client_email || '/' || description" + where),
      "open/high/client_abc123/client@example.com/No \"mail\" since Monday");
  const std::string id = world.sync.raw("SELECT source_id" + where);
  const auto changed = invoke(
      "update_item", R"({"board":5100000002,"item":")" + id + R"(","values":{"status":"In Progress"}})", "change-1");
  ASSERT_TRUE(changed.ok() && changed->status.ok());
  world.sync.store.clock().advance(std::chrono::minutes(1));
  ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  EXPECT_EQ(world.sync.raw("SELECT status || '/' || priority" + where), "in_progress/high");
  const auto refused = invoke(
      "update_item", R"({"board":5100000002,"item":")" + id + R"(","values":{"status":"Nonsense"}})", "change-2");
  ASSERT_TRUE(refused.ok());
  EXPECT_THAT(refused->status.error().message, HasSubstr("status_7"));
  const auto hook =
      invoke("create_webhook", R"({"board":5100000001,"url":"https://x.example/hook","event":"change_column_value"})",
             "hook-1");
  ASSERT_TRUE(hook.ok() && hook->status.ok());
  EXPECT_EQ(world.monday.with_world([](const World& account) { return account.webhooks().size(); }), 1U);
  expect_truth(world, acme);
}

TEST_P(MondaySync, DiscoversWhatTheBoardsHaveNow_SYNC_2) {
  MondayWorld world(account(53, 5), {.dialect = GetParam()});
  const auto acme = world.connect("acme", boards);
  const auto labels = [&] {
    std::map<std::string, std::string> found;
    const auto fields = world.sync.service().discover(acme.tenant, acme.connection, "item", {});
    EXPECT_TRUE(fields.ok()) << fields.error().message;
    for (const auto& field : *fields) {
      if (field.scope == "5100000002" && field.source.starts_with("/col_")) {
        found[field.source] = field.label + ":" + field.provider_type;
      }
    }
    return found;
  };
  auto found = labels();
  EXPECT_EQ(found["/col_status/0/label"], "Status:status");
  EXPECT_EQ(found["/col_client_email/0/email"], "Client Email:email");
  world.monday.with_world([](World& account) {
    EXPECT_TRUE(account.rename_column(MondayWorld::first_board + 1, "status_7", "Progress").ok());
    EXPECT_TRUE(account.delete_column(MondayWorld::first_board + 1, "priority_7").ok());
    EXPECT_TRUE(
        account.retype_column(MondayWorld::first_board + 1, "portal_id_7", simulators::monday::ColumnType::numbers)
            .ok());
  });
  found = labels();
  EXPECT_EQ(found["/col_status/0/label"], "Progress:status");
  EXPECT_FALSE(found.contains("/col_priority/0/label"));
  EXPECT_EQ(found["/col_portal_id/0/text"], "Portal ID:numbers");
}

TEST_P(MondaySync, RenewsTheTokensOfAnAppWhileItReads_AUTH_3) {
  auto options = account(61, 80);
  options.oauth = simulators::monday::oauth_options();
  MondayWorld world(options, {.dialect = GetParam()});
  const std::string api(SyncWorld::api);
  const auto acme =
      world.sync.connect_to("monday", "acme",
                            R"({"environment":"custom","auth":"app","baseUrl":")" + api + R"(","oauthBaseUrl":")" +
                                api + R"(","rateLimits":{"requestsPerMinute":0},"pageSize":10,)" + boards + "}",
                            {{"client_id", "simulated-app"},
                             {"client_secret", "simulated-app-secret"},
                             {"refresh_token", world.monday.oauth().sign_in().refresh_token}});
  // Tokens end in the middle of boards, some a while before their time.
  world.before_each_request([&world](std::uint64_t number) {
    if (number == 12) {
      world.monday.oauth().end_access_tokens();
    } else if (number == 20) {
      world.sync.store.clock().advance(std::chrono::minutes(50));
    }
  });
  ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  expect_truth(world, acme);
  EXPECT_GE(world.monday.oauth().counts().refreshed, 2U);
  EXPECT_EQ(world.monday.oauth().counts().reused, 0U) << "a refresh token counts once";
  world.monday.oauth().revoke_all();
  const auto refused = world.sync.try_sync(acme);
  EXPECT_TRUE(!refused.ok() || !errors_of(*refused).empty());
}

TEST_P(MondaySync, TestsAConnectionByOneCall_AUTH_5) {
  MondayWorld world(account(59, 5), {.dialect = GetParam()});
  const auto acme = world.connect("acme", boards);
  const auto good = world.sync.test_connection(acme);
  ASSERT_TRUE(good.status.ok()) << good.status.error().message;
  EXPECT_THAT(good.findings, HasSubstr(R"("api_version":"2026-10")"));
  EXPECT_EQ(world.monday.statistics().requests, 1U);
  const auto stranger = world.connect("stranger", boards, "wrong-token");
  const auto bad = world.sync.test_connection(stranger);
  EXPECT_EQ(bad.status.error().code, ErrorCode::unauthenticated);
  EXPECT_THAT(world.sync.logger.text(), ::testing::Not(HasSubstr("wrong-token")));
}

INSTANTIATE_TEST_SUITE_P(On, MondaySync, ::testing::Values(store::Dialect::sqlite, store::Dialect::postgresql),
                         testing::dialect_name);

} // namespace
} // namespace dovetail::test
