// SPDX-License-Identifier: Apache-2.0
#include "xmlrpc_client.hpp"

#include <utility>

#include "refusal.hpp"

namespace dovetail::odoo {

using namespace sdk;

namespace {

struct Called {
  Value value;
  std::optional<Timestamp> server_time;
};

Result<Called> call(Context& context, std::string_view service, std::string body, bool repeatable,
                    std::string_view what) {
  auto request = Request::post("/xmlrpc/2/" + std::string(service)).body("text/xml; charset=utf-8", std::move(body));
  if (repeatable) {
    request.repeatable();
  }
  DVT_TRY(const auto response, context.send(request));
  if (response.status() != 200) {
    return http_error(response, what);
  }
  DVT_TRY(const auto bytes, response.body());
  auto answer = read_xml_answer(bytes);
  if (!answer.ok()) {
    return answer.error().in(what);
  }
  if (answer->fault) {
    return to_error(refusal_of_fault(*answer->fault), what);
  }
  return Called{std::move(answer->value), server_time(response)};
}

void write_condition(CallWriter& call, const Condition& condition) {
  call.open_array().text(condition.field).text(condition.op);
  if (const auto* flag = std::get_if<bool>(&condition.value)) {
    call.boolean(*flag);
  } else if (const auto* number = std::get_if<std::int64_t>(&condition.value)) {
    call.integer(*number);
  } else if (const auto* text = std::get_if<std::string>(&condition.value)) {
    call.text(*text);
  } else {
    call.open_array();
    for (const auto id : std::get<std::vector<std::int64_t>>(condition.value)) {
      call.integer(id);
    }
    call.close();
  }
  call.close();
}

Error unexpected(std::string_view what, std::string_view wanted) {
  return make_error(Code::unavailable, std::string(what) + ": Odoo's answer is not " + std::string(wanted),
                    Retry::transient);
}

Result<Row> row_of(const Value& record, const Query& query, std::string_view what) {
  const auto* id = record.member("id");
  if (record.kind != Value::Kind::structure || id == nullptr || id->kind != Value::Kind::integer) {
    return unexpected(what, "a list of records with ids");
  }
  Row row;
  row.id = id->integer;
  row.cells.reserve(query.fields.size());
  for (const auto& field : query.fields) {
    const auto* value = record.member(field.name);
    row.cells.push_back(value == nullptr ? Cell() : cell_of(*value, field));
  }
  return row;
}

} // namespace

Result<std::string> xmlrpc_version(Context& context) {
  constexpr std::string_view what = "asking for the server's version";
  DVT_TRY(const auto answer, call(context, "common", CallWriter("version").take(), true, what));
  const auto* version = answer.value.member("server_version");
  if (version == nullptr || version->kind != Value::Kind::text) {
    return unexpected(what, "a version");
  }
  return version->text;
}

Result<Identity> XmlRpcClient::identify(Context& context) {
  if (settings_.database.empty() || settings_.login.empty()) {
    return make_error(Code::failed_precondition,
                      "XML-RPC needs \"database\" and \"login\" in the connection's config (JSON-2, "
                      "which needs neither, is spoken by Odoo 19 and later)");
  }
  CallWriter writer("authenticate");
  writer.text(settings_.database).text(settings_.login).text(key_placeholder).open_struct().close();
  DVT_TRY(const auto answer, call(context, "common", writer.take(), true, "signing in to Odoo"));
  if (answer.value.kind == Value::Kind::integer && answer.value.integer > 0) {
    identity_.uid = answer.value.integer;
    return identity_;
  }
  if (answer.value.kind == Value::Kind::boolean) {
    return to_error({.kind = Refusal::Kind::credentials, .words = "login or key is wrong"}, "signing in to Odoo");
  }
  return unexpected("signing in to Odoo", "a user's number");
}

CallWriter XmlRpcClient::begin(const std::string& model, std::string_view method) const {
  CallWriter writer("execute_kw");
  writer.text(settings_.database).integer(identity_.uid).text(key_placeholder).text(model).text(method);
  return writer;
}

void XmlRpcClient::write_context(CallWriter& call) const {
  call.name("context").open_struct().name("active_test").boolean(false);
  if (!settings_.language.empty()) {
    call.name("lang").text(settings_.language);
  }
  if (!settings_.companies.empty()) {
    call.name("allowed_company_ids").open_array();
    for (const auto company : settings_.companies) {
      call.integer(company);
    }
    call.close();
  }
  call.close();
}

Result<Description> XmlRpcClient::describe(Context& context, const std::string& model,
                                           const std::vector<std::string>& names) {
  auto writer = begin(model, "fields_get");
  writer.open_array().close().open_struct().name("allfields").open_array();
  for (const auto& name : names) {
    writer.text(name);
  }
  writer.close().name("attributes").open_array().text("type").close().close();
  const std::string what = "asking for the fields of " + model;
  DVT_TRY(const auto answer, call(context, "object", writer.take(), true, what));
  if (answer.value.kind != Value::Kind::structure) {
    return unexpected(what, "a description of fields");
  }
  Description description{.fields = {}, .server_time = answer.server_time};
  for (const auto& name : names) {
    const auto* field = answer.value.member(name);
    const auto* type = field == nullptr ? nullptr : field->member("type");
    if (type != nullptr) {
      description.fields.push_back({name, type->text});
    }
  }
  return description;
}

Result<std::vector<Row>> XmlRpcClient::read(Context& context, const Query& query) {
  auto writer = begin(query.model, "search_read");
  writer.open_array().open_array();
  for (const auto& condition : query.domain) {
    write_condition(writer, condition);
  }
  writer.close().close().open_struct().name("fields").open_array();
  for (const auto& field : query.fields) {
    writer.text(field.name);
  }
  if (query.fields.empty()) {
    writer.text("id"); // an empty list means all fields, computed ones and pictures among them
  }
  writer.close().name("limit").integer(query.limit).name("order").text("id asc");
  write_context(writer);
  writer.close();
  const std::string what = "reading " + query.model;
  DVT_TRY(const auto answer, call(context, "object", writer.take(), query.repeatable, what));
  if (answer.value.kind != Value::Kind::array) {
    return unexpected(what, "a list of records");
  }
  std::vector<Row> rows;
  rows.reserve(answer.value.items.size());
  for (const auto& record : answer.value.items) {
    DVT_TRY(auto row, row_of(record, query, what));
    rows.push_back(std::move(row));
  }
  return rows;
}

} // namespace dovetail::odoo
