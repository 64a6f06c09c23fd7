// SPDX-License-Identifier: Apache-2.0
#include "items.hpp"

#include <algorithm>
#include <utility>

namespace dovetail::monday {

using namespace sdk;

namespace {

constexpr std::int64_t skip_page = 500;   // the API's bound; pages that are only looked at are cheap
constexpr int skips_per_page = 8;         // so that read_page ends within seconds
constexpr std::int64_t most_restarts = 5; // without a page read between them
constexpr std::string_view page_fields = "cursor items";

std::optional<Timestamp> instant(std::string_view text) {
  // The API writes RFC 3339; answers of older versions end with " UTC".
  constexpr std::string_view old_end = " UTC";
  if (text.ends_with(old_end)) {
    text.remove_suffix(old_end.size());
  }
  return parse_iso8601(text);
}

/// The words that together cover every day since then. Days begin at the account's midnight, which nobody tells, so a span counts as covered
/// only where it is shorter than the words reach back in any time zone.
std::string_view days_since(Timestamp since, Timestamp now) {
  const auto span = now - since;
  if (span < std::chrono::hours(20)) {
    return R"(["TODAY","YESTERDAY"])";
  }
  if (span < std::chrono::days(6)) {
    return R"(["THIS_WEEK","LAST_WEEK"])";
  }
  return span < std::chrono::days(26) ? R"(["THIS_MONTH","LAST_MONTH"])" : "";
}

std::string ordered_by(std::string_view column, std::string_view direction) {
  return JsonWriter()
      .open_object()
      .name("order_by")
      .open_array()
      .open_object()
      .member("column_id", column)
      .member("direction", direction)
      .close()
      .close()
      .close()
      .take();
}

} // namespace

Result<ItemReader::Cursor> ItemReader::read_cursor(Context& context, const ReadRequest& request) const {
  Cursor cursor;
  cursor.size = size_;
  cursor.most = settings_.page_size;
  if (request.first_page()) {
    return cursor;
  }
  DVT_TRY(const auto json, context.parse(request.cursor));
  cursor.at = json.string_or("/at", "");
  cursor.began = parse_iso8601(json.string_or("/began", "")).value_or(Timestamp{});
  cursor.most = std::clamp<std::int64_t>(json.integer_or("/most", cursor.most), 1, settings_.page_size);
  cursor.size = std::clamp<std::int64_t>(json.integer_or("/size", cursor.size), 1, cursor.most);
  cursor.created = json.string_or("/created", "");
  cursor.ordered = json.boolean_or("/ordered", true);
  cursor.skipping = json.boolean_or("/skipping", false);
  cursor.restarts = json.integer_or("/restarts", 0);
  cursor.mark = parse_iso8601(json.string_or("/mark", ""));
  cursor.left = json.integer_or("/left", -1);
  cursor.cost = json.integer_or("/cost", 0);
  cursor.reset = parse_iso8601(json.string_or("/reset", ""));
  return cursor;
}

Status ItemReader::go_on(const Cursor& cursor, Page& page) {
  return page.next(JsonWriter()
                       .open_object()
                       .member("at", cursor.at)
                       .member("began", cursor.began)
                       .member("size", cursor.size)
                       .member("most", cursor.most)
                       .member("created", cursor.created)
                       .member("ordered", cursor.ordered)
                       .member("skipping", cursor.skipping)
                       .member("restarts", cursor.restarts)
                       .member("mark", cursor.mark)
                       .member("left", cursor.left)
                       .member("cost", cursor.cost)
                       .member("reset", cursor.reset)
                       .close()
                       .text());
}

std::string ItemReader::first_document(const Read& read, std::string_view fields) const {
  const bool asks_newest = !read.delta && !settings_.change_order.empty();
  std::string text = "query($board:[ID!],$limit:Int!,$query:ItemsQuery" +
                     std::string(asks_newest ? ",$newest:ItemsQuery" : "") + "){" + std::string(complexity_fields) +
                     "boards(ids:$board,state:all){id ";
  if (asks_newest) {
    // What changes while a full read goes on is the next delta's: so the mark is taken before the first item is read, and from the API's own times.
    text += "newest:items_page(limit:1,query_params:$newest){items{id updated_at}} ";
  }
  return text + "items_page(limit:$limit,query_params:$query){" + std::string(page_fields) + "{" + std::string(fields) +
         "}}}}";
}

std::string ItemReader::first_variables(Context& context, const Read& read, std::int64_t size) const {
  JsonWriter variables;
  variables.open_object().name("board").open_array().value(read.board.id).close();
  if (!read.delta) {
    variables.name("query").raw(settings_.creation_order.empty() ? "{}" : ordered_by(settings_.creation_order, "asc"));
    if (!settings_.change_order.empty()) {
      variables.name("newest").raw(ordered_by(settings_.change_order, "desc"));
    }
    return variables.member("limit", size).close().take();
  }
  variables.name("query").open_object();
  const auto days =
      settings_.filters_by_day && read.request.since ? days_since(*read.request.since, context.now()) : "";
  if (!days.empty()) {
    variables.name("rules").open_array().open_object().member("column_id", settings_.change_order);
    variables.name("compare_value").raw(days);
    variables.member("operator", "any_of").member("compare_attribute", "UPDATED_AT").close().close();
  }
  variables.name("order_by").open_array().open_object();
  variables.member("column_id", settings_.change_order).member("direction", "desc").close().close().close();
  return variables.member("limit", size).close().take();
}

Result<ItemReader::Listed> ItemReader::list(Context& context, Read& read, std::string_view fields, std::int64_t size) {
  const std::string what = "reading the items of board " + read.board.id;
  if (read.cursor.at.empty()) {
    const auto variables = first_variables(context, read, size);
    DVT_TRY(auto answer, ask(context, first_document(read, fields), variables, what));
    if (answer.trouble == Trouble::none) {
      DVT_TRY(const auto boards, answer.body.at("/data/boards"));
      if (boards.size() == 0) {
        return make_error(
            Code::not_found,
            what + ": the board does not exist, or the token may not see it; what is stored of it stays. Take it "
                   "out of the connection's config, or give the token's user access");
      }
    }
    return Listed{std::move(answer), "/data/boards/0/items_page"};
  }
  const std::string document = "query($cursor:String!,$limit:Int!){" + std::string(complexity_fields) +
                               "next_items_page(limit:$limit,cursor:$cursor){" + std::string(page_fields) + "{" +
                               std::string(fields) + "}}}";
  JsonWriter variables;
  variables.open_object().member("cursor", read.cursor.at).member("limit", size).close();
  DVT_TRY(auto answer, ask(context, document, variables.text(), what));
  return Listed{std::move(answer), "/data/next_items_page"};
}

Result<ItemReader::Listed> ItemReader::list_smaller(Context& context, Read& read) {
  const std::string fields = read.selection.item_fields(settings_, read.board.id);
  for (;;) {
    auto listed = list(context, read, fields, read.cursor.size);
    if (!listed.ok()) {
      // The budget may be too small for pages of this size: when the host tries again, ask for less.
      if (listed.error().retry == Retry::rate_limited) {
        size_ = std::max(settings_.smallest_page, read.cursor.size / 2);
      }
      return listed;
    }
    if (listed->answer.trouble != Trouble::too_complex) {
      return listed;
    }
    if (read.cursor.size <= settings_.smallest_page) {
      return std::move(listed->answer.error);
    }
    read.cursor.size = std::max(settings_.smallest_page, read.cursor.size / 2);
    read.cursor.most = read.cursor.size;
    context.info("the query is too complex: pages of board " + read.board.id + " have " +
                 std::to_string(read.cursor.size) + " items now");
  }
}

Result<ItemReader::Seen> ItemReader::look_at(const Listed& listed, const Read& read) {
  Seen seen;
  seen.ordered = read.cursor.ordered;
  const std::string items = listed.place + "/items";
  DVT_TRY(const auto list, listed.answer.body.at(items));
  if (list.kind() != JsonValue::Kind::array) {
    return make_error(Code::unavailable,
                      "reading the items of board " + read.board.id + ": monday's answer lacks the list of items",
                      Retry::transient);
  }
  std::string before = read.cursor.skipping ? "" : read.cursor.created;
  DVT_TRY_STATUS(listed.answer.body.for_each(items, {"/created_at", "/updated_at"}, [&](const JsonElement& item) {
    ++seen.count;
    seen.last_created = item[0].text();
    seen.older += seen.last_created < read.cursor.created ? 1U : 0U;
    seen.ordered = seen.ordered && (read.delta || before <= seen.last_created);
    before = seen.last_created;
    const auto changed = instant(item[1].text());
    if (!read.delta || !changed || *changed >= *read.request.since) {
      seen.fresh.push_back(item.index());
    }
    if (changed) {
      seen.ordered = seen.ordered && (!read.delta || !seen.oldest_change || *changed <= *seen.oldest_change);
      seen.newest_change = std::max(seen.newest_change.value_or(*changed), *changed);
      seen.oldest_change = std::min(seen.oldest_change.value_or(*changed), *changed);
    }
  }));
  return seen;
}

Status ItemReader::check_budget(Context& context, Cursor& cursor) const {
  if (cursor.left < 0 || cursor.cost <= 0) {
    return {};
  }
  const auto now = context.now();
  if (!cursor.reset || now >= *cursor.reset) {
    cursor.size = cursor.most;
    return {};
  }
  // What the last page cost tells what the next one will.
  const std::int64_t affordable = cursor.left / std::max<std::int64_t>(1, cursor.cost / cursor.size + 1);
  if (affordable >= cursor.size || affordable >= settings_.smallest_page) {
    cursor.size = std::min(cursor.most, affordable);
    return {};
  }
  Error error = make_error(Code::resource_exhausted,
                           "this minute's complexity is used up (" + std::to_string(cursor.left) + " points left)",
                           Retry::rate_limited);
  error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(*cursor.reset - now);
  return error;
}

void ItemReader::keep_budget(Context& context, const Answer& answer, Cursor& cursor) const {
  if (const auto complexity = complexity_of(answer.body)) {
    cursor.left = complexity->after;
    cursor.cost = complexity->query;
    cursor.reset = context.now() + complexity->reset;
  }
}

Status ItemReader::begin_anew(Context& context, Read& read, Page& page) const {
  Cursor& cursor = read.cursor;
  if (++cursor.restarts > most_restarts) {
    return make_error(Code::aborted,
                      "reading the items of board " + read.board.id +
                          ": its cursors are gone before a page is read; try again later",
                      Retry::transient);
  }
  cursor.at.clear();
  cursor.skipping = !read.delta && cursor.ordered && !cursor.created.empty() && !settings_.creation_order.empty();
  if (!cursor.skipping) {
    cursor.created.clear();
  }
  context.info("the cursor into board " + read.board.id + " is gone: the listing begins anew" +
               (cursor.skipping ? ", and goes on behind " + cursor.created : ""));
  return go_on(cursor, page);
}

Status ItemReader::skip_items(Context& context, Read& read, Page& page) {
  Cursor& cursor = read.cursor;
  std::int64_t limit = skip_page;
  for (int i = 0; i < skips_per_page; ++i) {
    const auto asked = context.now();
    DVT_TRY(const auto listed, list(context, read, "id created_at updated_at", limit));
    if (listed.answer.trouble == Trouble::cursor_gone) {
      return begin_anew(context, read, page);
    }
    if (listed.answer.trouble != Trouble::none) {
      return listed.answer.error;
    }
    // What a page that is read costs stays known: this one tells only what is left.
    const auto cost = cursor.cost;
    keep_budget(context, listed.answer, cursor);
    cursor.cost = cost;
    // Of items made in the same second some may be unread: what has that time is read again, which changes nothing.
    DVT_TRY(const auto seen, look_at(listed, read));
    if (!seen.ordered) {
      cursor.ordered = false;
      return begin_anew(context, read, page);
    }
    if (seen.older < seen.count) {
      // The position is in this page. The same cursor, asked for what stands before it and no more, gives one that goes on there; where items
      // vanish in between, those that move up are in that answer, and are counted again.
      limit = static_cast<std::int64_t>(seen.older);
      cursor.skipping = seen.older > 0;
    } else {
      if (cursor.at.empty()) {
        cursor.began = asked;
      }
      cursor.at = listed.answer.body.string_or(listed.place + "/cursor", "");
      cursor.skipping = limit == skip_page;
      if (cursor.at.empty()) {
        return page.exhausted(cursor.mark); // all that is left of the board has been read
      }
    }
    if (!cursor.skipping) {
      break;
    }
  }
  return go_on(cursor, page);
}

Status ItemReader::hand_over(const Listed& listed, const Seen& seen, const Board& board, Page& page) {
  const auto constants =
      JsonWriter().open_object().member("board_id", board.id).member("board_name", board.name).close().take();
  const std::string items = listed.place + "/items";
  if (seen.fresh.size() == seen.count) {
    return page.records(listed.answer.response, {.pointer = items, .constants = constants});
  }
  for (const auto index : seen.fresh) {
    const std::string one = items + "/" + std::to_string(index);
    DVT_TRY_STATUS(page.records(listed.answer.response, {.pointer = one, .constants = constants}));
  }
  return {};
}

Status ItemReader::read_items(Context& context, Read& read, Page& page) {
  Cursor& cursor = read.cursor;
  const bool first = cursor.at.empty();
  const auto asked = context.now();
  DVT_TRY(const auto listed, list_smaller(context, read));
  if (listed.answer.trouble == Trouble::cursor_gone) {
    return begin_anew(context, read, page);
  }
  keep_budget(context, listed.answer, cursor);
  DVT_TRY(const auto seen, look_at(listed, read));
  if (first) {
    cursor.began = asked;
    if (!cursor.mark) {
      const auto newest = instant(listed.answer.body.string_or("/data/boards/0/newest/items/0/updated_at", ""));
      // An empty board is read to its end too: its mark is the beginning of time.
      cursor.mark = read.delta ? seen.newest_change : std::optional(newest.value_or(Timestamp{}));
    }
  }
  DVT_TRY_STATUS(hand_over(listed, seen, read.board, page));
  cursor.at = listed.answer.body.string_or(listed.place + "/cursor", "");
  cursor.ordered = seen.ordered;
  cursor.created = seen.count > 0 ? seen.last_created : cursor.created;
  cursor.restarts = 0;
  // Only where the order holds does an old item mean that all behind it are older still.
  const bool older_follow =
      !read.delta || !seen.ordered || !seen.oldest_change || *seen.oldest_change >= *read.request.since;
  if (cursor.at.empty() || !older_follow) {
    return page.exhausted(cursor.mark);
  }
  return go_on(cursor, page);
}

Status ItemReader::read_page(Context& context, const ReadRequest& request, Page& page) {
  DVT_TRY(const auto parents, context.parse(request.parents));
  DVT_TRY(const auto id, parents.string("/0/external_id"));
  if (!settings_.reads(object_, id)) {
    return page.exhausted();
  }
  DVT_TRY(auto selection, Selection::make(request.fields, settings_));
  DVT_TRY(auto cursor, read_cursor(context, request));
  Read read{.request = request,
            .board = {std::string(id), std::string(parents.string_or("/0/name", ""))},
            .selection = std::move(selection),
            .delta = request.since.has_value() && !request.full && !settings_.change_order.empty(),
            .cursor = std::move(cursor)};
  DVT_TRY_STATUS(check_budget(context, read.cursor));
  if (!read.cursor.at.empty() && context.now() - read.cursor.began > settings_.cursor_life) {
    return begin_anew(context, read, page);
  }
  return read.cursor.skipping ? skip_items(context, read, page) : read_items(context, read, page);
}

} // namespace dovetail::monday
