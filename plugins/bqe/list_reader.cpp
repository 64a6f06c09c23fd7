// SPDX-License-Identifier: Apache-2.0
#include "list_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

namespace dovetail::bqe {

using namespace sdk;

namespace {

constexpr std::string_view id_pointer = "/id";
constexpr int most_confirmations = 4;
constexpr std::array<std::string_view, 4> phase_names{"deletions", "list", "tail", "confirm"};

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) {
    text += text.empty() ? "" : ",";
    text += part;
  }
  return text;
}

bool holds(const std::vector<std::string>& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(),
                     [name](const std::string& one) { return detail::equals_ignoring_case(one, name); });
}

/// The member of a record that a pointer leads into; empty for the whole record.
std::string top_member(std::string_view pointer) {
  if (pointer.empty()) {
    return {};
  }
  const auto step = pointer.substr(1, pointer.find('/', 1) == std::string_view::npos ? std::string_view::npos
                                                                                     : pointer.find('/', 1) - 1);
  std::string name;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool escaped = step[i] == '~' && i + 1 < step.size();
    name += escaped ? (step[++i] == '1' ? '/' : '~') : step[i];
  }
  return name;
}

/// The list of deletions is no reason to fail: what it would have told, the next full read finds.
bool is_unavailable_list(const Error& error) {
  return error.http_status == 400 || error.http_status == 404 ||
         (error.code == Code::permission_denied && (error.http_status == 403 || error.http_status == 409));
}

std::string state_key(const ObjectSettings& object) { return "deletions:" + object.key; }

std::optional<Timestamp> later(std::optional<Timestamp> left, std::optional<Timestamp> right) {
  return !left || (right && *right > *left) ? right : left;
}

} // namespace

std::string ListReader::cursor_of(const Position& position) {
  JsonWriter json;
  json.open_object().member("phase", phase_names.at(static_cast<std::size_t>(position.phase)));
  json.member("from", position.walk.from).member("page", position.walk.page).member("wide", position.walk.wide);
  // As text: JSON's numbers are not wide enough for everybody.
  json.member("sum", std::to_string(position.walk.sum)).name("previous");
  position.walk.previous ? json.value(std::to_string(*position.walk.previous)) : json.value(nullptr);
  json.member("readings", position.walk.readings).member("newest", position.newest);
  json.member("empty", position.empty).member("confirmations", position.confirmations);
  return json.close().take();
}

ListReader::Position ListReader::begin_list(const ReadRequest& request) const {
  Position position;
  if (request.since) {
    position.walk.from = literal_of(*request.since - settings_.zone_doubt);
  }
  return position;
}

Result<ListReader::Position> ListReader::begin(Context& context, const ReadRequest& request) const {
  if (request.full || !request.since || settings_.deletions_path.empty() || object_.deleted_type.empty()) {
    return begin_list(request);
  }
  Position position;
  position.phase = Phase::deletions;
  DVT_TRY(const auto kept, context.state(state_key(object_)));
  const auto known = parse_iso8601(kept);
  position.walk.from =
      literal_of((known ? *known - settings_.deletions_overlap : *request.since) - settings_.zone_doubt);
  return position;
}

Result<ListReader::Position> ListReader::read_position(Context& context, const ReadRequest& request) const {
  if (request.first_page()) {
    return begin(context, request);
  }
  DVT_TRY(const auto json, context.parse(request.cursor));
  Position position;
  DVT_TRY(const auto phase, json.string("/phase"));
  const auto* const name = std::find(phase_names.begin(), phase_names.end(), phase);
  if (name == phase_names.end()) {
    return make_error(Code::invalid_argument, "the cursor's phase is unknown: begin a full sync");
  }
  position.phase = static_cast<Phase>(name - phase_names.begin());
  DVT_TRY(const auto from, json.string("/from"));
  position.walk.from = from;
  position.walk.page = static_cast<int>(json.integer_or("/page", 0));
  position.walk.wide = json.boolean_or("/wide", false);
  const auto number_of = [](std::string_view text) {
    std::uint64_t value = 0;
    static_cast<void>(std::from_chars(text.data(), text.data() + text.size(), value));
    return value;
  };
  position.walk.sum = number_of(json.string_or("/sum", "0"));
  if (const auto previous = json.string_or("/previous", ""); !previous.empty()) {
    position.walk.previous = number_of(previous);
  }
  position.walk.readings = static_cast<int>(json.integer_or("/readings", 0));
  position.newest = parse_iso8601(json.string_or("/newest", ""));
  position.empty = json.boolean_or("/empty", false);
  position.confirmations = static_cast<int>(json.integer_or("/confirmations", 0));
  return position;
}

std::vector<std::string> ListReader::fields(const ReadRequest& request) const {
  std::vector<std::string> names{"id", settings_.changed_field};
  const auto add = [&](std::string_view name) {
    // What is sensitive is not even asked for, whatever a mapping says.
    if (!name.empty() && !holds(settings_.forbidden, name) && !holds(names, name)) {
      names.emplace_back(name);
    }
  };
  for (const auto pointer : request.fields) {
    add(top_member(pointer));
  }
  const bool whole = std::find(request.fields.begin(), request.fields.end(), "") != request.fields.end();
  if (request.fields.empty() || whole) {
    for (const auto& name : object_.fields) {
      add(name);
    }
  }
  return names;
}

std::vector<std::string> ListReader::expanded(const std::vector<std::string>& fields) const {
  std::vector<std::string> names;
  std::copy_if(fields.begin(), fields.end(), std::back_inserter(names),
               [this](const std::string& name) { return holds(settings_.expandable, name); });
  return names;
}

std::size_t ListReader::largest_page(bool expands) const {
  const int most =
      expands ? std::min(settings_.max_page_size_with_expand, settings_.max_page_size) : settings_.max_page_size;
  return static_cast<std::size_t>(std::max(most, 2));
}

std::size_t ListReader::page_size(const Walk& walk, bool expands) const {
  const std::size_t most = largest_page(expands);
  return walk.wide ? most : std::min(static_cast<std::size_t>(settings_.page_size), most);
}

std::string ListReader::order_by(const std::string& field) const {
  return field + " asc" + (settings_.tie_breaker.empty() ? "" : ", " + settings_.tie_breaker + " asc");
}

std::string ListReader::page_text(const Walk& walk, std::size_t size) const {
  return std::to_string(settings_.first_page + walk.page) + "," + std::to_string(size);
}

Url ListReader::list_url(const ReadRequest& request, const Position& position, std::size_t& size) const {
  const auto names = fields(request);
  const auto expands = expanded(names);
  size = page_size(position.walk, !expands.empty());
  std::string where = object_.where;
  if (!position.walk.from.empty()) {
    where += where.empty() ? "" : " and ";
    where += at_or_after(settings_, settings_.changed_field, position.walk.from);
  }
  Walk asked = position.walk;
  if (position.phase == Phase::confirm && !position.empty) {
    ++asked.page;
  }
  Url url;
  url.segments(object_.path).query("fields", join(names));
  if (!where.empty()) {
    url.query("where", where);
  }
  if (!expands.empty()) {
    url.query("expand", join(expands));
  }
  url.query("orderBy", order_by(settings_.changed_field)).query("page", page_text(asked, size));
  return url;
}

Status ListReader::confirm(const PageLook& look, Position position, Page& page, std::optional<Timestamp> mark) const {
  if (look.rows == 0) {
    return page.exhausted(mark);
  }
  // Rows have come meanwhile, or the pages are shorter than they were asked for.
  if (++position.confirmations == most_confirmations) {
    return make_error(
        Code::failed_precondition,
        "BQE CORE goes on behind pages that are shorter than asked for, so nobody can tell where the list ends: lower "
        "\"pageSize\" to what it really sends");
  }
  position.phase = Phase::tail;
  position.walk.begin(std::string(position.walk.from));
  return page.next(cursor_of(position), mark);
}

Status ListReader::read_list(Context& context, const ReadRequest& request, Position position, Page& page) const {
  std::size_t size = 0;
  const Url url = list_url(request, position, size);
  DVT_TRY(const auto answer, get_list(context, settings_, url, "listing " + object_.path));
  PageLook look;
  if (answer.json) {
    DVT_TRY_STATUS(
        answer.json->for_each(answer.pointer, {id_pointer, "/" + pointer_escape(settings_.changed_field)},
                              [&](const JsonElement& row) { look.add(row[0].text(), row[1], position.walk.from); }));
    if (look.rows > 0) {
      DVT_TRY_STATUS(page.records(*answer.response, {.pointer = answer.pointer}));
    }
  }
  position.newest = later(position.newest, look.newest);
  // A clock that ran ahead would hide what comes before it.
  const auto mark = position.newest ? std::optional(std::min(*position.newest, context.now())) : std::nullopt;
  if (position.phase == Phase::confirm) {
    return confirm(look, std::move(position), page, mark);
  }
  const auto names = fields(request);
  const bool widens = largest_page(!expanded(names).empty()) > size;
  DVT_TRY(const auto step, position.walk.advance(look, size, widens));
  if (step == Walk::Step::more) {
    return page.next(cursor_of(position), mark);
  }
  if (!request.full || !position.newest) {
    return page.exhausted(mark);
  }
  if (position.phase == Phase::list) {
    position.phase = Phase::tail;
    position.walk.begin(literal_of(*position.newest - settings_.tail));
  } else {
    position.phase = Phase::confirm;
    position.empty = look.rows == 0;
  }
  return page.next(cursor_of(position), mark);
}

Url ListReader::deletions_url(const Walk& walk) const {
  Url url;
  url.segments(settings_.deletions_path)
      .query("where", at_or_after(settings_, settings_.deleted_field, walk.from))
      .query("orderBy", order_by(settings_.deleted_field))
      .query("page", page_text(walk, page_size(walk, false)));
  return url;
}

Status ListReader::read_deletions(Context& context, const ReadRequest& request, Position position, Page& page) const {
  const std::size_t size = page_size(position.walk, false);
  auto answer = get_list(context, settings_, deletions_url(position.walk), "listing what was deleted");
  if (!answer.ok()) {
    if (!is_unavailable_list(answer.error())) {
      return answer.error();
    }
    context.warning(answer.error().message + "; deletions show only in the next full sync");
    return page.next(cursor_of(begin_list(request)));
  }
  PageLook look;
  JsonWriter gone;
  gone.open_array();
  bool any = false;
  if (answer->json) {
    DVT_TRY_STATUS(answer->json->for_each(
        answer->pointer,
        {id_pointer, "/" + pointer_escape(settings_.deleted_field), settings_.deleted_id, settings_.deleted_type},
        [&](const JsonElement& row) {
          look.add(row[0].text(), row[1], position.walk.from);
          if (!row[2].text().empty() && detail::equals_ignoring_case(row[3].text(), object_.deleted_type)) {
            gone.open_object().member("id", row[2].text()).close();
            any = true;
          }
        }));
  }
  if (any) {
    DVT_TRY_STATUS(page.records_json(gone.close().text(), {.constants = R"({"gone":true})"}));
  }
  position.newest = later(position.newest, look.newest);
  DVT_TRY(const auto step, position.walk.advance(look, size, largest_page(false) > size));
  if (step == Walk::Step::more) {
    return page.next(cursor_of(position));
  }
  if (position.newest) {
    DVT_TRY_STATUS(page.set_state(state_key(object_), format_iso8601(std::min(*position.newest, context.now()), true)));
  }
  // Afterwards the list: what it holds exists, whatever was deleted before.
  return page.next(cursor_of(begin_list(request)));
}

Status ListReader::read_page(Context& context, const ReadRequest& request, Page& page) {
  DVT_TRY(auto position, read_position(context, request));
  return position.phase == Phase::deletions ? read_deletions(context, request, std::move(position), page)
                                            : read_list(context, request, std::move(position), page);
}

} // namespace dovetail::bqe
