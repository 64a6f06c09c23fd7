// SPDX-License-Identifier: Apache-2.0
#include "model_reader.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "refusal.hpp"

namespace dovetail::odoo {

using namespace sdk;

namespace {

/// The host repeats a request for so few records by itself; more are rather asked for in halves.
constexpr std::int64_t smallest_batch = 25;
/// Ids and stamps of so many records come with one request.
constexpr std::int64_t listed_at_once = 1000;
/// Ids that one page key stands for.
constexpr std::int64_t window = 200;
/// Windows that one page tells of; the host takes 256.
constexpr std::size_t max_windows = 200;
/// Records that one page of a listing reads, so that it ends within seconds.
constexpr std::size_t max_read_a_page = 1000;

constexpr std::string_view session_key = "session";

std::string odoo_time(Timestamp time) {
  auto text = format_iso8601(time);
  text[10] = ' ';
  text.pop_back();
  return text;
}

std::string_view name_of(std::int64_t phase) { return phase == 1 ? "watched" : (phase == 2 ? "listing" : "records"); }

/// The fields that a mapping's pointers lead into.
std::vector<std::string> wanted_fields(const ReadRequest& request) {
  std::set<std::string> names;
  for (const auto pointer : request.fields) {
    if (pointer.starts_with('/')) {
      const auto name = pointer.substr(1, std::min(pointer.find('/', 1), pointer.size()) - 1);
      names.emplace(name);
    }
  }
  names.erase("id");
  return {names.begin(), names.end()};
}

/// Whether a session that was remembered from an earlier pass may be the reason.
bool may_be_stale(const Error& error) { return error.code == Code::unauthenticated || error.code == Code::not_found; }

std::string records_json(const std::vector<Field>& fields, const std::vector<Row>& rows) {
  JsonWriter json;
  json.open_array();
  for (const auto& row : rows) {
    write_record(json, fields, row);
  }
  return json.close().take();
}

/// FNV-1a over ids, stamps and fields: a collision could only leave a changed record unread until the next change.
class Digest {
public:
  void add(std::string_view text) {
    for (const char c : text) {
      hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
    hash_ = (hash_ ^ 0xFFU) * 0x100000001b3ULL;
  }
  [[nodiscard]] std::string text() const { return std::to_string(hash_); }

private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

struct Window {
  std::vector<std::int64_t> ids;
  Digest digest;
};

/// The listed records by window. The last one may go on behind the listing: it is left out when more follow.
std::map<std::int64_t, Window> windows_of(const std::vector<Row>& rows, const std::vector<Field>& fields, bool more) {
  std::map<std::int64_t, Window> windows;
  for (const auto& row : rows) {
    auto [at, is_new] = windows.try_emplace((row.id - 1) / window);
    if (is_new) {
      for (const auto& field : fields) {
        at->second.digest.add(field.name);
      }
    }
    at->second.ids.push_back(row.id);
    at->second.digest.add(std::to_string(row.id));
    at->second.digest.add(row.cells.empty() ? std::string_view() : std::string_view(row.cells[0].text));
  }
  if (more && !windows.empty()) {
    windows.erase(std::prev(windows.end()));
  }
  return windows;
}

} // namespace

std::string ModelReader::Cursor::to_json() const {
  JsonWriter json;
  json.open_object().member("phase", name_of(static_cast<std::int64_t>(phase)));
  session.write(json.name("session"));
  json.member("last", last).member("limit", limit).member("filtered", filtered).member("began", began);
  json.name("fields").open_object();
  for (const auto& field : fields) {
    json.member(field.name, field.type);
  }
  return json.close().close().take();
}

Result<ModelReader::Cursor> ModelReader::Cursor::from_json(Context& context, std::string_view text) {
  DVT_TRY(const auto json, context.parse(text));
  Cursor cursor;
  const auto session = Session::read(json, "/session");
  if (!session) {
    return make_error(Code::invalid_argument, "the cursor names no protocol: begin the read anew with a full sync");
  }
  cursor.session = *session;
  const auto phase = json.string_or("/phase", "records");
  cursor.phase = phase == "watched" ? Phase::watched : (phase == "listing" ? Phase::listing : Phase::records);
  DVT_TRY(cursor.last, json.integer("/last"));
  DVT_TRY(cursor.limit, json.integer("/limit"));
  cursor.limit = std::clamp<std::int64_t>(cursor.limit, 1, listed_at_once);
  cursor.filtered = json.boolean_or("/filtered", false);
  cursor.began = parse_iso8601(json.string_or("/began", ""));
  DVT_TRY_STATUS(json.for_each("/fields", {""}, [&cursor](const JsonElement& field) {
    cursor.fields.push_back({std::string(field.key()), std::string(field[0].text())});
  }));
  return cursor;
}

Result<ModelReader::Cursor> ModelReader::describe(Context& context, const ReadRequest& request,
                                                  const Session& session) const {
  auto names = wanted_fields(request);
  const auto wanted = names.size();
  if (!spec_.without.empty() && std::find(names.begin(), names.end(), spec_.without) == names.end()) {
    names.push_back(spec_.without);
  }
  DVT_TRY(auto description, session.client(settings_)->describe(context, spec_.model, names));
  Cursor cursor;
  cursor.session = session;
  cursor.limit = settings_.batch_size;
  cursor.began = description.server_time;
  const auto find = [&description](std::string_view name) {
    return std::find_if(description.fields.begin(), description.fields.end(),
                        [name](const Field& field) { return field.name == name; });
  };
  // Fields that are read under their other name, or that many servers lack, are not worth a warning at each sync.
  const auto may_lack = [&](const std::string& name) {
    return std::find(spec_.optional.begin(), spec_.optional.end(), name) != spec_.optional.end() ||
           std::any_of(settings_.renamed.begin(), settings_.renamed.end(), [&](const auto& pair) {
             const auto& [before, after] = pair;
             return (name == before && find(after) != description.fields.end()) ||
                    (name == after && find(before) != description.fields.end());
           });
  };
  std::string unknown;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto found = find(names[i]);
    if (found == description.fields.end()) {
      unknown += i < wanted && !may_lack(names[i]) ? (unknown.empty() ? "" : ", ") + names[i] : "";
      continue;
    }
    cursor.filtered = cursor.filtered || names[i] == spec_.without;
    if (i < wanted) {
      cursor.fields.push_back(*found);
    }
  }
  if (!unknown.empty()) {
    context.warning("this Odoo has no such fields of " + spec_.model + ", or the user may not see them: " + unknown +
                    "; their columns stay empty");
  }
  if (!cursor.began) {
    context.warning("the server's answers carry no Date: the next delta begins where this one did");
  }
  return cursor;
}

Result<ModelReader::Cursor> ModelReader::begin(Context& context, const ReadRequest& request, Page& page) const {
  if (!request.full) {
    DVT_TRY(const auto kept, context.state(session_key));
    if (!kept.empty()) {
      DVT_TRY(const auto json, context.parse(kept));
      const auto known = Session::read(json, "");
      if (known && settings_.protocol.value_or(known->protocol) == known->protocol) {
        auto cursor = describe(context, request, *known);
        if (cursor.ok() || !may_be_stale(cursor.error())) {
          return cursor;
        }
      }
    }
  }
  Findings findings;
  DVT_TRY(const auto session, open_session(context, settings_, findings));
  JsonWriter json;
  session.write(json);
  DVT_TRY_STATUS(page.set_state(session_key, json.text()));
  DVT_TRY(auto cursor, describe(context, request, session));
  if (request.full && settings_.trust_stamps) {
    cursor.phase = Phase::listing;
  }
  return cursor;
}

Query ModelReader::query_of(const Cursor& cursor) const {
  Query query;
  query.model = spec_.model;
  query.fields = cursor.fields;
  if (cursor.filtered) {
    query.domain.push_back({spec_.without, "=", false});
  }
  return query;
}

bool ModelReader::ask_for_fewer(Context& context, const Error& error, Cursor& cursor) {
  // A record that is too large by itself must still be reached, whatever its neighbours.
  const std::int64_t least = error.code == Code::out_of_range ? 1 : smallest_batch;
  if (cursor.limit <= least || !smaller_may_help(error) || context.cancelled()) {
    return false;
  }
  cursor.limit = std::max(least, cursor.limit / 2);
  context.info(error.message + "; asking for " + std::to_string(cursor.limit) + " records at once");
  return true;
}

Result<std::vector<Row>> ModelReader::read_rows(Context& context, Client& client, Query& query, Cursor& cursor) {
  for (;;) {
    query.limit = cursor.limit;
    query.repeatable = cursor.limit <= smallest_batch;
    auto rows = client.read(context, query);
    if (rows.ok() || !ask_for_fewer(context, rows.error(), cursor)) {
      return rows;
    }
  }
}

Status ModelReader::finish(const Cursor& cursor, Page& page) { return page.exhausted(cursor.began); }

Status ModelReader::read_page(Context& context, const ReadRequest& request, Page& page) {
  auto cursor = request.first_page() ? begin(context, request, page) : Cursor::from_json(context, request.cursor);
  if (!cursor.ok()) {
    return cursor.error();
  }
  switch (cursor->phase) {
  case Phase::watched:
    return read_watched(context, request, std::move(*cursor), page);
  case Phase::listing:
    return read_listing(context, std::move(*cursor), page);
  case Phase::records:
    break;
  }
  return read_records(context, request, std::move(*cursor), page);
}

Status ModelReader::read_records(Context& context, const ReadRequest& request, Cursor cursor, Page& page) const {
  const auto client = cursor.session.client(settings_);
  auto query = query_of(cursor);
  if (request.since) {
    query.domain.push_back({"write_date", ">=", odoo_time(*request.since)});
  }
  query.domain.push_back({"id", ">", cursor.last});
  DVT_TRY(const auto rows, read_rows(context, *client, query, cursor));
  DVT_TRY_STATUS(page.records_json(records_json(cursor.fields, rows)));
  if (static_cast<std::int64_t>(rows.size()) >= query.limit) {
    if (rows.back().id <= cursor.last) {
      return make_error(Code::data_loss, "Odoo's list of " + spec_.model + " does not go on by id, as it was asked to");
    }
    cursor.last = rows.back().id;
    return page.next(cursor.to_json());
  }
  if (request.since && !spec_.watched_model.empty()) {
    DVT_TRY(const bool watches, can_watch(context, *client));
    if (watches) {
      cursor.phase = Phase::watched;
      cursor.last = 0;
      return page.next(cursor.to_json());
    }
  }
  return finish(cursor, page);
}

Result<bool> ModelReader::can_watch(Context& context, Client& client) const {
  const auto description = client.describe(context, spec_.watched_model, {spec_.watched_field});
  if (description.ok()) {
    return !description->fields.empty();
  }
  // Older servers keep it all in the record itself.
  const auto code = description.error().code;
  return code == Code::not_found || code == Code::permission_denied ? Result<bool>(false)
                                                                    : Result<bool>(description.error());
}

Status ModelReader::read_watched(Context& context, const ReadRequest& request, Cursor cursor, Page& page) const {
  const auto client = cursor.session.client(settings_);
  Query watched;
  watched.model = spec_.watched_model;
  watched.fields = {{spec_.watched_field, "many2one"}};
  if (request.since) {
    watched.domain.push_back({"write_date", ">=", odoo_time(*request.since)});
  }
  watched.domain.push_back({"id", ">", cursor.last});
  auto changed = read_rows(context, *client, watched, cursor);
  if (!changed.ok() && changed.error().code == Code::permission_denied) {
    context.warning(changed.error().message + "; changes there are seen by the next full sync");
    return finish(cursor, page);
  }
  if (!changed.ok()) {
    return changed.error();
  }
  const bool more = static_cast<std::int64_t>(changed->size()) >= watched.limit;
  std::set<std::int64_t> ids;
  for (const auto& row : *changed) {
    if (row.cells[0].kind == Cell::Kind::pair) {
      ids.insert(row.cells[0].integer);
    }
  }
  if (!ids.empty()) {
    auto query = query_of(cursor);
    query.domain.push_back({"id", "in", std::vector<std::int64_t>(ids.begin(), ids.end())});
    query.limit = static_cast<std::int64_t>(ids.size());
    DVT_TRY(const auto rows, client->read(context, query));
    DVT_TRY_STATUS(page.records_json(records_json(cursor.fields, rows)));
  }
  if (!more) {
    return finish(cursor, page);
  }
  cursor.last = changed->back().id;
  return page.next(cursor.to_json());
}

Status ModelReader::read_window(Context& context, Client& client, Cursor& cursor, const std::vector<std::int64_t>& ids,
                                const std::string& page_key, Page& page) const {
  std::vector<Row> all;
  for (std::size_t at = 0; at < ids.size();) {
    const auto count = std::min(ids.size() - at, static_cast<std::size_t>(cursor.limit));
    auto query = query_of(cursor);
    query.domain.push_back({"id", "in",
                            std::vector<std::int64_t>(ids.begin() + static_cast<std::ptrdiff_t>(at),
                                                      ids.begin() + static_cast<std::ptrdiff_t>(at + count))});
    query.limit = static_cast<std::int64_t>(count);
    query.repeatable = cursor.limit <= smallest_batch;
    auto rows = client.read(context, query);
    if (!rows.ok() && !ask_for_fewer(context, rows.error(), cursor)) {
      return rows.error();
    }
    if (!rows.ok()) {
      continue;
    }
    all.insert(all.end(), std::make_move_iterator(rows->begin()), std::make_move_iterator(rows->end()));
    at += count;
  }
  return page.records_json(records_json(cursor.fields, all), {.page_key = page_key});
}

Result<std::vector<Row>> ModelReader::watched_stamps(Context& context, Client& client,
                                                     const std::vector<std::int64_t>& ids) const {
  std::vector<Row> all;
  if (spec_.watched_model.empty() || ids.empty()) {
    return all;
  }
  DVT_TRY(const bool watches, can_watch(context, client));
  Query query;
  query.model = spec_.watched_model;
  query.fields = {{spec_.watched_field, "many2one"}, {"write_date", "datetime"}};
  query.limit = listed_at_once;
  for (std::int64_t last = 0; watches;) {
    query.domain = {{spec_.watched_field, "in", ids}, {"id", ">", last}};
    auto rows = client.read(context, query);
    if (!rows.ok() && rows.error().code == Code::permission_denied) {
      context.warning(rows.error().message + "; changes there alone are not seen");
      break;
    }
    if (!rows.ok()) {
      return rows.error();
    }
    const bool more = static_cast<std::int64_t>(rows->size()) >= query.limit;
    if (more && rows->back().id <= last) {
      return make_error(Code::data_loss,
                        "Odoo's list of " + spec_.watched_model + " does not go on by id, as it was asked to");
    }
    last = more ? rows->back().id : last;
    all.insert(all.end(), std::make_move_iterator(rows->begin()), std::make_move_iterator(rows->end()));
    if (!more) {
      break;
    }
  }
  return all;
}

Status ModelReader::read_listing(Context& context, Cursor cursor, Page& page) const {
  const auto client = cursor.session.client(settings_);
  auto listing = query_of(cursor);
  listing.fields = {{"write_date", "datetime"}};
  listing.domain.push_back({"id", ">", cursor.last});
  listing.limit = listed_at_once;
  DVT_TRY(const auto rows, client->read(context, listing));
  const bool more = static_cast<std::int64_t>(rows.size()) >= listed_at_once;
  auto windows = windows_of(rows, cursor.fields, more);
  std::vector<std::int64_t> listed;
  for (const auto& [number, ids] : windows) {
    listed.insert(listed.end(), ids.ids.begin(), ids.ids.end());
  }
  DVT_TRY(const auto elsewhere, watched_stamps(context, *client, listed));
  for (const auto& row : elsewhere) {
    if (const auto at = windows.find((row.cells[0].integer - 1) / window); at != windows.end()) {
      at->second.digest.add(std::to_string(row.id));
      at->second.digest.add(row.cells[1].text);
    }
  }
  std::size_t told = 0;
  std::size_t read = 0;
  bool all = true;
  for (const auto& [number, ids] : windows) {
    if (told == max_windows || read >= max_read_a_page) {
      all = false;
      break;
    }
    const std::string key = "ids:" + std::to_string(number);
    DVT_TRY(const auto before, context.state(key));
    bool stands = before == ids.digest.text();
    if (stands) {
      DVT_TRY(stands, page.unchanged(key));
    }
    if (!stands) {
      DVT_TRY_STATUS(read_window(context, *client, cursor, ids.ids, key, page));
      DVT_TRY_STATUS(page.set_state(key, ids.digest.text()));
      read += ids.ids.size();
    }
    ++told;
    cursor.last = (number + 1) * window;
  }
  return all && !more ? finish(cursor, page) : page.next(cursor.to_json());
}

} // namespace dovetail::odoo
