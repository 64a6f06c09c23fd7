// SPDX-License-Identifier: Apache-2.0
// 20,000 items over four boards with a column of every type, mapped to a model: each value against one that this test works out itself from
// what the account holds, without JSON, queries or mappings (SYNC-3, PROV-MONDAY).
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "tests/support/monday_world.hpp"

namespace dovetail::test {
namespace {

using simulators::monday::Board;
using simulators::monday::Cell;
using simulators::monday::Column;
using simulators::monday::ColumnType;
using simulators::monday::format_second;
using simulators::monday::Item;
using simulators::monday::Layout;
using simulators::monday::SimulatorOptions;
using simulators::monday::State;
using simulators::monday::World;
using ::testing::AllOf;
using ::testing::HasSubstr;

using Text = std::optional<std::string>;

struct Wanted {
  const char* field;
  const char* type;
  const char* source; ///< of the mapping, JSON
  /// The SQL that gives the stored value as text; %s is the field.
  const char* shown;
  ColumnType column;
  /// What it must be. An unset cell comes as well.
  Text (*expected)(const Board&, const Column&, const Item&, const Cell&);
};

const char* const plain = "{}";
const char* const second = "substr({}, 1, 19)";
const char* const quarter = "CAST({} * 4 AS INTEGER)";

Text set_text(const Cell& cell, const std::string& text) { return cell.set ? Text(text) : std::nullopt; }
/// Types whose "text" is "" where nothing is set.
Text or_empty(const Cell& cell, const std::string& text) { return cell.set ? text : ""; }

/// Of types that have only a text.
Text shown_text(const Board&, const Column&, const Item&, const Cell& cell) { return or_empty(cell, cell.text); }

std::string label_of(const Column& column, std::int64_t index) {
  for (const auto& label : column.labels) {
    if (label.index == index) {
      return label.text;
    }
  }
  return "?";
}

std::string json_string(const std::string& text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.c_str(), static_cast<rapidjson::SizeType>(text.size()));
  return buffer.GetString();
}

std::string id_list(const std::vector<std::int64_t>& ids) {
  std::string text;
  for (const auto id : ids) {
    text += (text.empty() ? "" : ",") + fmt::format("\"{}\"", id);
  }
  return "[" + text + "]";
}

std::string people(const std::vector<std::int64_t>& ids, bool quoted) {
  std::string text;
  for (const auto id : ids) {
    text += (text.empty() ? "" : ",") + (quoted ? fmt::format(R"({{"id":"{}","kind":"person"}})", id)
                                                : fmt::format(R"({{"id":{},"kind":"person"}})", id));
  }
  return "[" + text + "]";
}

std::string choices(const Column& column, const Cell& cell) {
  std::string text;
  for (const auto id : cell.ids) {
    text +=
        (text.empty() ? "" : ",") + fmt::format(R"({{"id":"{}","label":{}}})", id, json_string(label_of(column, id)));
  }
  return "[" + text + "]";
}

// NOLINTBEGIN(readability-named-parameter): most of them look at the cell alone
const std::vector<Wanted>& wanted() {
  using B = const Board&;
  using C = const Column&;
  using I = const Item&;
  using V = const Cell&;
  static const std::vector<Wanted> table = {
      {"status_label", "text", R"("/col_status/0/label")", plain, ColumnType::status,
       [](B, C c, I, V v) { return set_text(v, label_of(c, v.index)); }},
      {"status_index", "integer", R"("/col_status/0/index")", plain, ColumnType::status,
       [](B, C, I, V v) { return set_text(v, std::to_string(v.index)); }},
      {"status_embedded", "integer", R"({"from":"/col_status/0/value","embedded":"/index"})", plain, ColumnType::status,
       [](B, C, I, V v) { return set_text(v, std::to_string(v.index)); }},
      {"text_text", "text", R"("/col_text/0/text")", plain, ColumnType::text,
       [](B, C, I, V v) { return or_empty(v, v.text); }},
      {"text_embedded", "text", R"({"from":"/col_text/0/value","embedded":""})", plain, ColumnType::text,
       [](B, C, I, V v) { return set_text(v, v.text); }},
      {"long_text_embedded", "text", R"({"from":"/col_long_text/0/value","embedded":"/text"})", plain,
       ColumnType::long_text, [](B, C, I, V v) { return set_text(v, v.text); }},
      {"email_email", "text", R"("/col_email/0/email")", plain, ColumnType::email,
       [](B, C, I, V v) { return set_text(v, v.text); }},
      {"email_label", "text", R"("/col_email/0/label")", plain, ColumnType::email,
       [](B, C, I, V v) { return set_text(v, v.more); }},
      {"date_date", "date", R"("/col_date/0/date")", plain, ColumnType::date,
       [](B, C, I, V v) { return set_text(v, v.text); }},
      {"date_instant", "timestamp", R"({"concat":[{"from":"/col_date/0/value","embedded":"/date"},{"const":"T"},
        {"from":"/col_date/0/value","embedded":"/time"},{"const":"Z"}]})",
       second, ColumnType::date,
       [](B, C, I, V v) { return v.set && !v.more.empty() ? Text(v.text + "T" + v.more) : std::nullopt; }},
      {"numbers_number", "real", R"("/col_numbers/0/number")", quarter, ColumnType::numbers,
       [](B, C, I, V v) { return set_text(v, std::to_string(static_cast<std::int64_t>(v.number * 4))); }},
      {"numbers_embedded", "real", R"({"from":"/col_numbers/0/value","embedded":""})", quarter, ColumnType::numbers,
       [](B, C, I, V v) { return set_text(v, std::to_string(static_cast<std::int64_t>(v.number * 4))); }},
      {"people_list", "json", R"("/col_people/0/persons_and_teams")", plain, ColumnType::people,
       [](B, C, I, V v) { return Text(v.set ? people(v.ids, true) : "[]"); }},
      {"people_embedded", "json", R"({"from":"/col_people/0/value","embedded":"/personsAndTeams"})", plain,
       ColumnType::people, [](B, C, I, V v) { return set_text(v, people(v.ids, false)); }},
      {"dropdown_values", "json", R"("/col_dropdown/0/values")", plain, ColumnType::dropdown,
       [](B, C c, I, V v) { return Text(v.set ? choices(c, v) : "[]"); }},
      {"dropdown_first", "text", R"("/col_dropdown/0/values/0/label")", plain, ColumnType::dropdown,
       [](B, C c, I, V v) { return v.set ? Text(label_of(c, v.ids.front())) : std::nullopt; }},
      {"timeline_from", "date", R"("/col_timeline/0/from")", plain, ColumnType::timeline,
       [](B, C, I, V v) { return set_text(v, v.text); }},
      {"timeline_to", "date", R"({"from":"/col_timeline/0/value","embedded":"/to"})", plain, ColumnType::timeline,
       [](B, C, I, V v) { return set_text(v, v.more); }},
      {"checkbox_checked", "boolean", R"("/col_checkbox/0/checked")", plain, ColumnType::checkbox,
       [](B, C, I, V v) { return Text(v.set ? "1" : "0"); }},
      {"checkbox_embedded", "boolean", R"({"from":"/col_checkbox/0/value","embedded":"/checked"})", plain,
       ColumnType::checkbox, [](B, C, I, V v) { return set_text(v, "1"); }},
      {"relation_ids", "json", R"("/col_board_relation/0/linked_item_ids")", plain, ColumnType::board_relation,
       [](B, C, I, V v) { return Text(v.set ? id_list(v.ids) : "[]"); }},
      {"mirror_value", "text", R"("/col_mirror/0/display_value")", plain, ColumnType::mirror,
       [](B, C, I, V v) { return or_empty(v, v.text); }},
      {"formula_value", "text", R"("/col_formula/0/display_value")", plain, ColumnType::formula,
       [](B, C, I, V v) { return or_empty(v, v.text); }},
      {"link_url", "text", R"("/col_link/0/url")", plain, ColumnType::link,
       [](B, C, I, V v) { return set_text(v, v.text); }},
      {"link_text", "text", R"({"firstOf":["/col_link/0/url_text",{"from":"/col_link/0/value","embedded":"/text"}]})",
       plain, ColumnType::link, [](B, C, I, V v) { return set_text(v, v.more); }},
      {"phone_number", "text", R"("/col_phone/0/phone")", plain, ColumnType::phone,
       [](B, C, I, V v) { return set_text(v, v.text); }},
      {"phone_country", "text", R"("/col_phone/0/country_short_name")", plain, ColumnType::phone,
       [](B, C, I, V v) { return set_text(v, v.more); }},
      {"made_at", "timestamp", R"("/col_creation_log/0/created_at")", second, ColumnType::creation_log,
       [](B, C, I i, V) { return Text(format_second(i.created).substr(0, 19)); }},
      {"made_by", "text", R"("/col_creation_log/0/creator_id")", plain, ColumnType::creation_log,
       [](B, C, I i, V) { return Text(std::to_string(i.creator)); }},
      {"last_updated_at", "timestamp", R"("/col_last_updated/0/updated_at")", second, ColumnType::last_updated,
       [](B, C, I i, V) { return Text(format_second(i.updated).substr(0, 19)); }},
      {"own_id", "text", R"("/col_item_id/0/item_id")", plain, ColumnType::item_id,
       [](B, C, I i, V) { return Text(std::to_string(i.id)); }},
      {"dependency_ids", "json", R"("/col_dependency/0/linked_item_ids")", plain, ColumnType::dependency,
       [](B, C, I, V v) { return Text(v.set ? id_list(v.ids) : "[]"); }},
      {"subtask_ids", "json", R"("/col_subtasks/0/subitems_ids")", plain, ColumnType::subtasks,
       [](B, C, I, V) { return Text("[]"); }},
      {"tags_text", "text", R"("/col_tags/0/text")", plain, ColumnType::tags,
       [](B, C, I, V v) { return or_empty(v, v.text); }},
      {"rating_embedded", "integer", R"({"from":"/col_rating/0/value","embedded":"/rating"})", plain,
       ColumnType::rating, [](B, C, I, V v) { return set_text(v, std::to_string(v.index)); }},
      {"hour_text", "text", R"("/col_hour/0/text")", plain, ColumnType::hour,
       [](B, C, I, V v) { return or_empty(v, v.text); }},
      {"location_text", "text", R"("/col_location/0/text")", plain, ColumnType::location,
       [](B, C, I, V v) { return or_empty(v, v.text); }},
      {"auto_number_text", "text", R"("/col_auto_number/0/text")", plain, ColumnType::auto_number, shown_text},
      {"button_text", "text", R"("/col_button/0/text")", plain, ColumnType::button, shown_text},
      {"color_picker_text", "text", R"("/col_color_picker/0/text")", plain, ColumnType::color_picker, shown_text},
      {"country_text", "text", R"("/col_country/0/text")", plain, ColumnType::country, shown_text},
      {"direct_doc_text", "text", R"("/col_direct_doc/0/text")", plain, ColumnType::direct_doc, shown_text},
      {"doc_text", "text", R"("/col_doc/0/text")", plain, ColumnType::doc, shown_text},
      {"file_text", "text", R"("/col_file/0/text")", plain, ColumnType::file, shown_text},
      {"group_text", "text", R"("/col_group/0/text")", plain, ColumnType::group, shown_text},
      {"integration_text", "text", R"("/col_integration/0/text")", plain, ColumnType::integration, shown_text},
      {"item_assignees_text", "text", R"("/col_item_assignees/0/text")", plain, ColumnType::item_assignees, shown_text},
      {"person_text", "text", R"("/col_person/0/text")", plain, ColumnType::person, shown_text},
      {"progress_text", "text", R"("/col_progress/0/text")", plain, ColumnType::progress, shown_text},
      {"team_text", "text", R"("/col_team/0/text")", plain, ColumnType::team, shown_text},
      {"time_tracking_text", "text", R"("/col_time_tracking/0/text")", plain, ColumnType::time_tracking, shown_text},
      {"unsupported_text", "text", R"("/col_unsupported/0/text")", plain, ColumnType::unsupported, shown_text},
      {"vote_text", "text", R"("/col_vote/0/text")", plain, ColumnType::vote, shown_text},
      {"week_text", "text", R"("/col_week/0/text")", plain, ColumnType::week, shown_text},
      {"world_clock_text", "text", R"("/col_world_clock/0/text")", plain, ColumnType::world_clock, shown_text},
  };
  return table;
}
// NOLINTEND(readability-named-parameter)

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Folders with a model of every column, and monday's manifest with the mapping into it.
struct Folders {
  testing::TemporaryFolder folder;

  Folders() {
    std::filesystem::create_directories(folder.path() / "manifests");
    std::filesystem::create_directories(folder.path() / "models");
    std::string fields;
    std::string mapping;
    for (const Wanted& one : wanted()) {
      fields += fmt::format(R"({}{{"name":"{}","type":"{}"}})", fields.empty() ? "" : ",", one.field, one.type);
      mapping += fmt::format(R"({}"{}":{})", mapping.empty() ? "" : ",", one.field, one.source);
    }
    std::ofstream(folder.path() / "models" / "every_column.json")
        << R"({"name":"every_column","label":"Every column","version":1,"fields":[)" << fields << "]}";
    rapidjson::Document manifest;
    manifest.Parse(read_file(source_directory() / "manifests" / "monday.json").c_str());
    auto& allocator = manifest.GetAllocator();
    for (auto& object : manifest["objects"].GetArray()) {
      if (std::string(object["key"].GetString()) == "item") {
        object["model"] = "every_column";
        rapidjson::Document made;
        made.Parse((R"({"model":"every_column","externalId":"/id","sourceUpdatedAt":"/updated_at","fields":{)" +
                    mapping + "}}")
                       .c_str());
        EXPECT_FALSE(made.HasParseError()) << mapping;
        object["defaultMapping"].CopyFrom(made, allocator);
      }
    }
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    manifest.Accept(writer);
    std::ofstream(folder.path() / "manifests" / "monday.json") << buffer.GetString();
  }
};

/// The stored column of every item, by external id.
std::map<std::string, Text> stored(SyncWorld& world, const Wanted& one) {
  const std::string text = world.raw(fmt::format(
      "SELECT group_concat(external_id || ':' || coalesce(hex(CAST({} AS TEXT)), '-'), char(10)) FROM every_column "
      "WHERE state = 'active'",
      fmt::format(fmt::runtime(one.shown), one.field)));
  std::map<std::string, Text> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    const std::string hex = line.substr(colon + 1);
    Text value;
    if (hex != "-") {
      value.emplace();
      for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        value->push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
      }
    }
    values.emplace(line.substr(0, colon), std::move(value));
  }
  return values;
}

/// Boards with a column of every type.
SimulatorOptions boards_of(std::size_t boards, int items) {
  SimulatorOptions options;
  options.world.seed = 20'000;
  for (std::size_t i = 1; i <= boards; ++i) {
    options.world.boards.push_back({.name = fmt::format("Board {}", i), .layout = Layout::every, .items = items});
  }
  options.tokens = {{.token = "secret-token"}};
  options.limits.complexity_per_minute = 0;
  return options;
}

/// How many there were.
std::size_t expect_values(MondayWorld& world, const Wanted& one) {
  const auto values = stored(world.sync, one);
  std::size_t compared = 0;
  std::size_t wrong = 0;
  world.monday.with_world([&](const World& account) {
    for (const Board& board : account.boards()) {
      const auto column = std::find_if(board.columns.begin(), board.columns.end(),
                                       [&one](const Column& own) { return own.type == one.column; });
      const auto place = static_cast<std::size_t>(column - board.columns.begin());
      for (const Item& item : board.items) {
        if (item.state != State::active) {
          continue;
        }
        ++compared;
        const Text expected = one.expected(board, *column, item, item.cells[place]);
        const auto found = values.find(std::to_string(item.id));
        // An empty text and null are the same at monday.
        const bool right = found != values.end() && found->second.value_or("") == expected.value_or("");
        if (!right && ++wrong <= 3) {
          ADD_FAILURE() << one.field << " of " << item.id << ": "
                        << (found == values.end() ? "no row" : found->second.value_or("null")) << " instead of "
                        << expected.value_or("null");
        }
      }
    }
  });
  EXPECT_EQ(wrong, 0U) << one.field;
  EXPECT_EQ(compared, values.size()) << one.field;
  return compared;
}

void expect_every_value(MondayWorld& world) {
  std::size_t compared = 0;
  for (const Wanted& one : wanted()) {
    compared += expect_values(world, one);
  }
  fmt::print("compared {} values of {} fields\n", compared, wanted().size());
}

const Wanted& wanted_field(std::string_view field) {
  return *std::find_if(wanted().begin(), wanted().end(), [field](const Wanted& one) { return one.field == field; });
}

TEST(MondayColumns, OfEveryTypeArriveAsTheAccountHoldsThem_SYNC_3) {
  std::set<ColumnType> types;
  for (const Wanted& one : wanted()) {
    types.insert(one.column);
  }
  ASSERT_EQ(types.size(), simulators::monday::column_types) << "a type that no field reads";
  const Folders folders;
  MondayWorld world(boards_of(4, scaled(5'000)),
                    {.manifests = {folders.folder.path() / "manifests"}, .models = {folders.folder.path() / "models"}});
  const auto acme =
      world.connect("acme", R"("ticketBoards":["5100000001","5100000002","5100000003","5100000004"],"pageSize":500)");
  const auto reports = world.sync.sync(acme);
  ASSERT_EQ(errors_of(reports), "");
  EXPECT_EQ(total(reports).failed, 0);
  EXPECT_EQ(total(reports).field_errors, 0);
  expect_every_value(world);
  // Changes of single cells arrive too.
  world.sync.store.clock().advance(std::chrono::minutes(10));
  static_cast<void>(world.monday.mutate(1, {.new_items = 20, .updated_items = 200}));
  ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  expect_every_value(world);
}

TEST(MondayColumns, ThatAreRenamedOrDeletedMakeTheMappingStaleAndTheJobSaysSo_SYNC_2) {
  const Folders folders;
  MondayWorld world(boards_of(2, 150),
                    {.manifests = {folders.folder.path() / "manifests"}, .models = {folders.folder.path() / "models"}});
  const auto acme = world.connect("acme", R"("ticketBoards":["5100000001","5100000002"])");
  ASSERT_EQ(errors_of(world.sync.sync(acme)), "");
  const auto blocked = [&] {
    world.sync.store.clock().advance(std::chrono::minutes(10));
    return errors_of(world.sync.sync(acme));
  };
  const auto partial = [&] {
    const auto reports = world.sync.sync(acme, {.on_stale_mapping = sync::StaleMapping::run_valid});
    EXPECT_EQ(errors_of(reports), "");
    return report_of(reports, "item").partial;
  };
  // A title may mean something else now. What is read is the same, so who says so gets it all the same.
  ASSERT_TRUE(world.monday.with_world(
      [](World& account) { return account.rename_column(MondayWorld::first_board + 1, "status", "Progress").ok(); }));
  static_cast<void>(world.monday.mutate(1, {.new_items = 5, .updated_items = 40}));
  EXPECT_THAT(blocked(), AllOf(HasSubstr("Mappings out of date"), HasSubstr("\"status_label\" reads \"A status\""),
                               HasSubstr("which is now called \"Progress\"")));
  EXPECT_EQ(world.sync.count(acme, "every_column"),
            std::stoll(world.sync.raw("SELECT count(*) FROM every_column WHERE state = 'active'")));
  EXPECT_THAT(partial(), HasSubstr("which is now called \"Progress\""));
  expect_every_value(world);
  ASSERT_TRUE(world.monday.with_world(
      [](World& account) { return account.rename_column(MondayWorld::first_board + 1, "status", "A status").ok(); }));
  EXPECT_EQ(blocked(), "") << "as it was accepted";

  // A column that one board lacks stops the job. Once no board has it, what was read of it stays.
  const Wanted& location = wanted_field("location_text");
  const auto before = stored(world.sync, location);
  for (const auto board : {MondayWorld::first_board, MondayWorld::first_board + 1}) {
    ASSERT_TRUE(
        world.monday.with_world([board](World& account) { return account.delete_column(board, "location").ok(); }));
    EXPECT_THAT(blocked(), AllOf(HasSubstr("\"location_text\" reads \"A location\""), HasSubstr("which is gone")));
  }
  static_cast<void>(world.monday.mutate(2, {.updated_items = 40}));
  EXPECT_THAT(partial(), HasSubstr("which is gone"));
  EXPECT_EQ(stored(world.sync, location), before);
  for (const Wanted& one : wanted()) {
    if (one.column != ColumnType::location) {
      expect_values(world, one);
    }
  }
}

} // namespace
} // namespace dovetail::test
