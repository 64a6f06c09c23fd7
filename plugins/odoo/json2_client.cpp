// SPDX-License-Identifier: Apache-2.0
#include "json2_client.hpp"

#include <utility>

#include "refusal.hpp"

namespace dovetail::odoo {

using namespace sdk;

namespace {

/// Pointers of one look at all records; the host takes at most 64, and a pair needs three.
constexpr std::size_t max_fields_a_look = 20;

Error not_understood(std::string_view what, std::string_view why) {
  return make_error(Code::unavailable,
                    std::string(what) + ": Odoo's answer is not what JSON-2 says: " + std::string(why),
                    Retry::transient);
}

Result<Json> json_of(const Response& response, std::string_view what) {
  auto json = response.json();
  return json.ok() ? std::move(json) : Result<Json>(not_understood(what, json.error().message));
}

Error refused(const Response& response, std::string_view what) {
  const auto json = response.json();
  if (!json.ok() || json->string_or("/name", "").empty()) {
    return http_error(response, what);
  }
  const std::string name(json->string_or("/name", ""));
  const std::string message(json->string_or("/message", ""));
  Error error = to_error(refusal_of_exception(response.status(), name, message), what);
  error.http_status = response.status();
  return error;
}

void write_domain(JsonWriter& body, const std::vector<Condition>& domain) {
  body.open_array();
  for (const auto& condition : domain) {
    body.open_array().value(condition.field).value(condition.op);
    if (const auto* flag = std::get_if<bool>(&condition.value)) {
      body.value(*flag);
    } else if (const auto* number = std::get_if<std::int64_t>(&condition.value)) {
      body.value(*number);
    } else if (const auto* text = std::get_if<std::string>(&condition.value)) {
      body.value(*text);
    } else {
      body.open_array();
      for (const auto id : std::get<std::vector<std::int64_t>>(condition.value)) {
        body.value(id);
      }
      body.close();
    }
    body.close();
  }
  body.close();
}

Cell cell_at(const JsonElement& record, std::size_t first, const Field& field) {
  const auto value = record[first];
  Cell cell;
  switch (value.kind()) {
  case JsonValue::Kind::missing:
  case JsonValue::Kind::null:
    break;
  case JsonValue::Kind::boolean:
    cell.kind = Cell::Kind::boolean;
    cell.flag = value.boolean().value_or(false);
    break;
  case JsonValue::Kind::integer:
    cell.kind = Cell::Kind::integer;
    cell.integer = value.integer().value_or(0);
    break;
  case JsonValue::Kind::real:
    cell.kind = Cell::Kind::real;
    cell.real = value.number().value_or(0);
    break;
  case JsonValue::Kind::string:
    cell.kind = Cell::Kind::text;
    cell.text = printable(value.text());
    break;
  case JsonValue::Kind::array:
  case JsonValue::Kind::object:
    cell.kind = Cell::Kind::json;
    cell.text = value.text();
    if (field.type == "many2one" && value.size() == 2 && record[first + 1].integer() && record[first + 2].string()) {
      cell.kind = Cell::Kind::pair;
      cell.integer = *record[first + 1].integer();
      cell.text = printable(record[first + 2].text());
    }
    break;
  }
  return cell;
}

/// The cells of fields [begin, end) of all records.
Status read_cells(const Json& json, const std::vector<Field>& fields, std::size_t begin, std::size_t end,
                  std::vector<Row>& rows) {
  std::vector<std::string> pointers;
  for (std::size_t i = begin; i < end; ++i) {
    const auto pointer = "/" + pointer_escape(fields[i].name);
    pointers.push_back(pointer);
    pointers.push_back(pointer + "/0");
    pointers.push_back(pointer + "/1");
  }
  return json.for_each("", std::vector<std::string_view>(pointers.begin(), pointers.end()),
                       [&](const JsonElement& record) {
                         auto& row = rows[record.index()];
                         for (std::size_t i = begin; i < end; ++i) {
                           row.cells.push_back(cell_at(record, (i - begin) * 3, fields[i]));
                         }
                       });
}

} // namespace

Result<Response> Json2Client::call(Context& context, const std::string& model, std::string_view method,
                                   std::string body, bool repeatable, std::string_view what) const {
  auto request = Request::post("/json/2/" + model + "/" + std::string(method))
                     .header_if("X-Odoo-Database", settings_.database)
                     .body("application/json; charset=utf-8", std::move(body));
  if (repeatable) {
    request.repeatable();
  }
  DVT_TRY(auto response, context.send(request));
  if (!response.is_success()) {
    return refused(response, what);
  }
  return response;
}

void Json2Client::write_context(JsonWriter& body) const {
  body.name("context").open_object().member("active_test", false);
  if (!settings_.language.empty()) {
    body.member("lang", settings_.language);
  }
  if (!settings_.companies.empty()) {
    body.name("allowed_company_ids").open_array();
    for (const auto company : settings_.companies) {
      body.value(company);
    }
    body.close();
  }
  body.close();
}

Result<Identity> Json2Client::identify(Context& context) {
  constexpr std::string_view what = "asking Odoo whose key this is";
  DVT_TRY(const auto response, call(context, "res.users", "context_get", "{}", true, what));
  DVT_TRY(const auto json, json_of(response, what));
  return Identity{json.integer_or("/uid", 0)};
}

Result<Description> Json2Client::describe(Context& context, const std::string& model,
                                          const std::vector<std::string>& names) {
  JsonWriter body;
  body.open_object().name("allfields").open_array();
  for (const auto& name : names) {
    body.value(name);
  }
  body.close().name("attributes").open_array().value("type").close().close();
  const std::string what = "asking for the fields of " + model;
  DVT_TRY(const auto response, call(context, model, "fields_get", body.take(), true, what));
  DVT_TRY(const auto json, json_of(response, what));
  Description description{.fields = {}, .server_time = server_time(response)};
  for (const auto& name : names) {
    const auto type = json.string_or("/" + pointer_escape(name) + "/type", "");
    if (!type.empty()) {
      description.fields.push_back({name, std::string(type)});
    }
  }
  return description;
}

Result<std::vector<Row>> Json2Client::read(Context& context, const Query& query) {
  JsonWriter body;
  body.open_object();
  write_context(body);
  write_domain(body.name("domain"), query.domain);
  body.name("fields").open_array();
  for (const auto& field : query.fields) {
    body.value(field.name);
  }
  if (query.fields.empty()) {
    body.value("id"); // an empty list means all fields, computed ones and pictures among them
  }
  body.close().member("limit", query.limit).member("order", "id asc").close();
  const std::string what = "reading " + query.model;
  DVT_TRY(const auto response, call(context, query.model, "search_read", body.take(), query.repeatable, what));
  DVT_TRY(const auto json, json_of(response, what));
  DVT_TRY(const auto list, json.at(""));
  if (list.kind() != JsonValue::Kind::array) {
    return not_understood(what, "no list of records");
  }
  std::vector<Row> rows;
  rows.reserve(list.size());
  DVT_TRY_STATUS(json.for_each("", {"/id"}, [&](const JsonElement& record) -> Status {
    const auto id = record[0].integer();
    if (!id) {
      return not_understood(what, "a record without an id");
    }
    rows.push_back({.id = *id, .cells = {}});
    return {};
  }));
  for (std::size_t begin = 0; begin < query.fields.size(); begin += max_fields_a_look) {
    const auto end = std::min(begin + max_fields_a_look, query.fields.size());
    DVT_TRY_STATUS(read_cells(json, query.fields, begin, end, rows));
  }
  return rows;
}

} // namespace dovetail::odoo
