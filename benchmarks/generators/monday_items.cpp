// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/generators/shapes.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace dovetail::generators {
namespace {

constexpr std::size_t items_per_page = 500;

/// A JSON text as it stands in a string of another one.
std::string quoted(std::string_view json) {
  std::string text = "\"";
  for (const char letter : json) {
    if (letter == '"' || letter == '\\') {
      text += '\\';
    }
    text += letter;
  }
  return text + "\"";
}

std::string json_text(std::string_view text) { return fmt::format("\"{}\"", text); }

std::string column(std::string_view id, std::string_view type, std::string_view text, std::string_view value,
                   std::string_view more) {
  return fmt::format(R"({{"id":"{}","type":"{}","text":{},"value":{}{}}})", id, type, text,
                     value == "null" ? std::string(value) : quoted(value), more);
}

std::string column_values(SeededText& text) {
  const std::string changed = fmt::format(R"("changed_at":"{}.120Z")", text.instant());
  const std::string day = text.day();
  const std::uint64_t index = text.below(8);
  const std::uint64_t person = 70'000'000 + text.below(500);
  const std::string label = text.words(2);
  const std::string number = fmt::format("{}.{}", text.below(100'000), text.below(10));
  const std::string long_text = text.words(25);
  std::string all;
  const auto add = [&all](const std::string& one) {
    all += all.empty() ? "" : ",";
    all += one;
  };
  add(column("person", "people", json_text(text.words(2)),
             fmt::format(R"({{"personsAndTeams":[{{"id":{},"kind":"person"}}],{}}})", person, changed),
             fmt::format(R"(,"persons_and_teams":[{{"id":"{}","kind":"person"}}])", person)));
  add(column("status", "status", json_text(label), fmt::format(R"({{"index":{},"post_id":null,{}}})", index, changed),
             fmt::format(R"(,"index":{},"label":"{}","is_done":{})", index, label, text.boolean())));
  add(column("priority", "status", json_text(text.words(1)),
             fmt::format(R"({{"index":{},"post_id":null,{}}})", text.below(5), changed),
             fmt::format(R"(,"index":{},"label":"{}","is_done":false)", text.below(5), text.word())));
  add(column("date4", "date", json_text(day), fmt::format(R"({{"date":"{}","icon":null,{}}})", day, changed),
             fmt::format(R"(,"date":"{}","time":"")", day)));
  add(column("timeline", "timeline", fmt::format(R"("{} - {}")", day, text.day()),
             fmt::format(R"({{"from":"{}","to":"{}",{}}})", day, text.day(), changed),
             fmt::format(R"(,"from":"{}","to":"{}")", day, text.day())));
  add(column("numbers", "numbers", json_text(number), json_text(number), fmt::format(R"(,"number":{})", number)));
  add(column("numbers_1", "numbers", json_text(number), json_text(number), fmt::format(R"(,"number":{})", number)));
  add(column("text", "text", json_text(text.words(4)), json_text(text.words(4)), ""));
  add(column("long_text", "long_text", json_text(long_text), fmt::format(R"({{"text":"{}",{}}})", long_text, changed),
             ""));
  add(column(
      "link", "link", json_text(text.words(2)),
      fmt::format(R"({{"url":"https://files.acme.example/{}","text":"{}",{}}})", text.hex(24), text.word(), changed),
      fmt::format(R"(,"url":"https://files.acme.example/{}")", text.hex(24))));
  add(column("email", "email", "\"someone@acme.example\"",
             R"({"text":"someone@acme.example","email":"someone@acme.example"})",
             R"(,"email":"someone@acme.example")"));
  add(column("connect_boards", "board_relation", "null", "null",
             fmt::format(R"(,"linked_item_ids":["{}"],"display_value":"{}")", 6'200'000'000 + text.below(100'000),
                         text.words(3))));
  add(column("mirror", "mirror", "null", "null", fmt::format(R"(,"display_value":"{}")", text.words(3))));
  add(column("checkbox", "checkbox", "\"v\"", fmt::format(R"({{"checked":true,{}}})", changed), R"(,"checked":true)"));
  return all;
}

} // namespace

std::string monday_items_page(std::uint64_t seed) {
  SeededText text(seed);
  std::string page = fmt::format(
      R"({{"data":{{"complexity":{{"query":10100,"before":5000000,"after":4989900,"reset_in_x_seconds":60}},"boards":[{{"id":"5100000001","items_page":{{"cursor":"{}","items":[)",
      text.hex(64));
  for (std::size_t i = 0; i < items_per_page; ++i) {
    page += i == 0 ? "" : ",";
    page += fmt::format(
        R"({{"id":"{}","name":"{}","state":"{}","created_at":"{}Z","updated_at":"{}Z","creator_id":"{}","group":{{"id":"topics","title":"{}"}},"column_values":[{}]}})",
        6'100'000'000 + seed % 1000 * items_per_page + i, text.words(3), text.chance(95) ? "active" : "archived",
        text.instant(), text.instant(), 70'000'000 + text.below(500), text.words(2), column_values(text));
  }
  return page + R"(]}}]},"extensions":{"request_id":"b0e1c5b2-3a51-9d3c-8f43-1f6d7c2d9a10"},"account_id":9000001})";
}

std::string monday_tickets_page(std::uint64_t seed) {
  constexpr std::array<std::string_view, 5> states{"Open", "In Progress", "Resolved", "Closed", "Waiting"};
  constexpr std::array<std::string_view, 4> priorities{"Low", "Medium", "High", "Urgent"};
  SeededText text(seed);
  std::string page = fmt::format(
      R"({{"data":{{"complexity":{{"query":10100,"before":5000000,"after":4989900,"reset_in_x_seconds":60}},"boards":[{{"id":"5100000001","items_page":{{"cursor":"{}","items":[)",
      text.hex(64));
  for (std::size_t i = 0; i < items_per_page; ++i) {
    const std::uint64_t id = 6'100'000'000 + seed % 1000 * items_per_page + i;
    page += i == 0 ? "" : ",";
    page += fmt::format(
        R"({{"id":"{}","created_at":"{}Z","updated_at":"{}Z","name":"{}","state":"{}","creator_id":"{}","url":"https://acme.monday.example/boards/5100000001/pulses/{}","group":{{"id":"topics","title":"{}"}})",
        id, text.instant(), text.instant(), text.words(4), text.chance(95) ? "active" : "archived",
        70'000'000 + text.below(500), id, text.words(2));
    const std::string_view state = states.at(text.below(states.size()));
    const std::string_view priority = priorities.at(text.below(priorities.size()));
    page += fmt::format(
        R"(,"col_client_email":[{{"text":"{0}@acme.example","email":"{0}@acme.example"}}],"col_description":[{{"text":"{1}"}}],"col_portal_id":[{{"text":"{2}"}}],"col_priority":[{{"text":"{3}","label":"{3}"}}],"col_status":[{{"text":"{4}","label":"{4}"}}]}})",
        text.hex(10), text.words(25), text.guid(), priority, state);
  }
  return page + R"(]}}]},"extensions":{"request_id":"b0e1c5b2-3a51-9d3c-8f43-1f6d7c2d9a10"},"account_id":9000001})";
}

} // namespace dovetail::generators
