// SPDX-License-Identifier: Apache-2.0
// Pages of items, their order and filter, and the cursors between them: see execute.hpp.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "tests/simulators/monday/execute.hpp"

namespace dovetail::simulators::monday {
namespace {

constexpr std::int64_t most_items = 500;
constexpr std::int64_t usual_limit = 25;

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::int64_t limit_of(const Selection& field) {
  const Value* value = field.argument("limit");
  return value == nullptr ? usual_limit : value->integer;
}

/// The first day that one of the words covers, as the service's own calendar has it (weeks begin on Monday).
Second begin_of(const std::string& word, Second now) {
  using std::chrono::days;
  const auto today = std::chrono::floor<days>(now);
  const std::chrono::year_month_day date(today);
  const auto month = std::chrono::sys_days(date.year() / date.month() / 1);
  const auto monday = today - days((std::chrono::weekday(today).c_encoding() + 6) % 7);
  if (word == "TODAY") {
    return today;
  }
  if (word == "YESTERDAY") {
    return today - days(1);
  }
  if (word == "THIS_WEEK") {
    return monday;
  }
  if (word == "LAST_WEEK") {
    return monday - days(7);
  }
  if (word == "THIS_MONTH") {
    return month;
  }
  if (word == "LAST_MONTH") {
    return std::chrono::sys_days((date.year() / date.month() - std::chrono::months(1)) / 1);
  }
  throw ApiError{"InvalidArgumentException", fmt::format("\"{}\" is no value of this filter", word)};
}

} // namespace

void Execution::page(Json& out, const Selection& field, const Board& board, const Page& page) {
  out.begin_object();
  for (const Selection& inner : collect(parts_.document, field.selections, "ItemsResponse")) {
    out.name(inner.alias);
    if (inner.name == "cursor") {
      page.cursor.empty() ? void(out.null()) : void(out.value(page.cursor));
      continue;
    }
    out.begin_array();
    for (const Item* one : page.items) {
      item(out, inner, board, *one);
    }
    out.end_array();
  }
  out.end_object();
}

Execution::Page Execution::first_page(const Selection& field, const Board& board) const {
  const Value* params = field.argument("query_params");
  const Value* cursor = field.argument("cursor");
  if (cursor != nullptr && params != nullptr) {
    throw ApiError{"InvalidArgumentException", "cursor and query_params exclude each other"};
  }
  const std::int64_t limit = limit_of(field);
  return cursor != nullptr ? read(decode(cursor->id()), limit) : read(listing_of(params, board), limit);
}

Execution::Listing Execution::listing_of(const Value* params, const Board& board) const {
  Listing listing;
  listing.board = board.id;
  listing.born = parts_.now.time_since_epoch().count();
  if (params == nullptr) {
    return listing;
  }
  for (const auto& [name, value] : params->members) {
    if (name == "order_by" && value.items.size() == 1) {
      const Value* column = value.items[0].member("column_id");
      const Value* direction = value.items[0].member("direction");
      const std::string id = column == nullptr ? "" : column->id();
      if (id != "__creation_log__" && id != "__last_updated__") {
        throw ApiError{"InvalidColumnIdException", fmt::format("column {} cannot be ordered by here", id)};
      }
      listing.order = id == "__creation_log__" ? "created" : "updated";
      listing.descending = direction != nullptr && direction->id() == "desc";
    } else if (name == "rules" && value.items.size() == 1) {
      const Value& rule = value.items[0];
      const auto text = [&rule](std::string_view member) {
        const Value* found = rule.member(member);
        return found == nullptr ? std::string() : found->id();
      };
      const Value* words = rule.member("compare_value");
      if (text("column_id") != "__last_updated__" || text("operator") != "any_of" ||
          text("compare_attribute") != "UPDATED_AT" || words == nullptr || words->kind != Value::Kind::list) {
        throw ApiError{"InvalidArgumentException", "this rule is not part of the simulation"};
      }
      Second first = parts_.now;
      for (const Value& word : words->items) {
        first = std::min(first, begin_of(word.id(), parts_.now));
      }
      listing.since = first.time_since_epoch().count();
    } else {
      throw ApiError{"InvalidArgumentException", fmt::format("query_params.{} is not part of the simulation", name)};
    }
  }
  return listing;
}

Execution::Page Execution::read(Listing listing, std::int64_t limit) const {
  if (limit < 1 || limit > most_items) {
    throw ApiError{"InvalidArgumentException", fmt::format("limit must be between 1 and {}", most_items)};
  }
  const Board* board = parts_.world.find_board(listing.board);
  const auto time_of = [&](const Item& item) {
    return listing.order.empty()        ? 0
           : listing.order == "created" ? item.created.time_since_epoch().count()
                                        : item.updated.time_since_epoch().count();
  };
  const auto before = [&](std::int64_t time, std::int64_t id, std::int64_t other_time, std::int64_t other_id) {
    return listing.descending ? std::pair(time, id) > std::pair(other_time, other_id)
                              : std::pair(time, id) < std::pair(other_time, other_id);
  };
  Page page;
  for (const Item& item : board->items) {
    const bool behind = listing.last_id == 0 || before(listing.last_time, listing.last_id, time_of(item), item.id);
    if (item.state == State::active && behind && item.updated.time_since_epoch().count() >= listing.since) {
      page.items.push_back(&item);
    }
  }
  const auto size = std::min(page.items.size(), static_cast<std::size_t>(limit));
  const bool more = page.items.size() > size;
  std::partial_sort(
      page.items.begin(), page.items.begin() + static_cast<std::ptrdiff_t>(size), page.items.end(),
      [&](const Item* one, const Item* other) { return before(time_of(*one), one->id, time_of(*other), other->id); });
  page.items.resize(size);
  if (more) {
    listing.last_time = time_of(*page.items.back());
    listing.last_id = page.items.back()->id;
    page.cursor = encode(listing);
  }
  return page;
}

std::string Execution::encode(const Listing& listing) {
  const std::string plain =
      fmt::format("{}:{}:{}:{}:{}:{}:{}", listing.board, listing.order.empty() ? "-" : listing.order,
                  listing.descending ? 1 : 0, listing.since, listing.last_time, listing.last_id, listing.born);
  return fmt::format("{}:{:016x}", plain, hash_text(plain));
}

Execution::Listing Execution::decode(const std::string& cursor) const {
  const std::size_t end = cursor.rfind(':');
  if (end == std::string::npos || cursor.substr(end + 1) != fmt::format("{:016x}", hash_text(cursor.substr(0, end)))) {
    throw ApiError{"InvalidArgumentException", "the cursor is malformed"};
  }
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < end;) {
    const std::size_t next = std::min(cursor.find(':', at), end);
    parts.push_back(cursor.substr(at, next - at));
    at = next + 1;
  }
  Listing listing;
  listing.board = number_of(parts.at(0));
  listing.order = parts.at(1) == "-" ? "" : parts.at(1);
  listing.descending = parts.at(2) == "1";
  listing.since = number_of(parts.at(3));
  listing.last_time = number_of(parts.at(4));
  listing.last_id = number_of(parts.at(5));
  listing.born = number_of(parts.at(6));
  if (parts_.now.time_since_epoch().count() - listing.born > std::chrono::seconds(parts_.cursor_life).count()) {
    throw ApiError{
        "CursorExpiredError",
        "The cursor provided for pagination has expired. Please refresh your query and obtain a new cursor."};
  }
  return listing;
}

} // namespace dovetail::simulators::monday
