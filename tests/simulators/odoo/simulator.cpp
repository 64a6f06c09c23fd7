// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/odoo/simulator.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <rapidjson/document.h>

#include "core/base/time.hpp"
#include "tests/simulators/gzip.hpp"
#include "tests/simulators/odoo/configuration.hpp"
#include "tests/simulators/odoo/xml_wire.hpp"

namespace dovetail::simulators::odoo {
namespace {

constexpr std::string_view json_type = "application/json; charset=utf-8";
constexpr std::string_view xml_type = "text/xml; charset=utf-8";
constexpr std::string_view html_type = "text/html; charset=utf-8";
constexpr std::string_view control_prefix = "/__sim__/";
constexpr std::size_t most_undescribed = 1000;
constexpr std::string_view traceback_top =
    "Traceback (most recent call last):\n  File \"odoo/http.py\", line 2302, in _serve_db\n"
    "    return service_model.retrying(serve_func, env=self.env)\n";

Answer text_answer(int status, std::string_view type, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers.push_back({"Content-Type", std::string(type)});
  answer.body = std::make_shared<const std::string>(std::move(body));
  return answer;
}

Answer not_found() {
  return text_answer(404, html_type, "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n");
}

struct Shown {
  int fault;
  int status;
  std::string_view exception;
};

Shown shown_as(Raised::Class kind) {
  switch (kind) {
  case Raised::Class::access_denied:
    return {3, 403, "odoo.exceptions.AccessDenied"};
  case Raised::Class::access_error:
    return {4, 403, "odoo.exceptions.AccessError"};
  case Raised::Class::user_error:
    return {2, 422, "odoo.exceptions.UserError"};
  case Raised::Class::missing_model:
  case Raised::Class::missing_method:
    return {2, 404, "werkzeug.exceptions.NotFound"};
  case Raised::Class::bad_arguments:
    return {1, 422, "werkzeug.exceptions.UnprocessableEntity"};
  case Raised::Class::value_error:
    return {1, 500, "builtins.ValueError"};
  case Raised::Class::memory:
    return {1, 500, "builtins.MemoryError"};
  case Raised::Class::overflow:
    return {1, 500, "builtins.OverflowError"};
  case Raised::Class::conflict:
    return {1, 409, "psycopg2.errors.SerializationFailure"};
  }
  return {1, 500, "builtins.Exception"};
}

Answer xml_raised(const Raised& raised) {
  const auto shown = shown_as(raised.kind);
  std::string text = raised.message;
  if (raised.kind == Raised::Class::missing_model) {
    text = fmt::format("Object {} doesn't exist", raised.message);
  } else if (shown.fault == 1) {
    const auto bare = shown.exception.substr(shown.exception.rfind('.') + 1);
    text = fmt::format("{}{}{}{}\n", traceback_top, bare, raised.message.empty() ? "" : ": ", raised.message);
  }
  return text_answer(200, xml_type, xml_fault(shown.fault, text));
}

Answer json_raised(int status, std::string_view exception, std::string_view message) {
  JsonText out;
  out.begin_object().member("name", exception).member("message", message);
  out.name("arguments").begin_array().value(message).end_array().name("context").begin_object().end_object();
  out.member("debug", fmt::format("{}{}: {}\n", traceback_top, exception, message)).end_object();
  return text_answer(status, json_type, out.take());
}

Answer json_raised(const Raised& raised) {
  const auto shown = shown_as(raised.kind);
  const auto message = raised.kind == Raised::Class::missing_model
                           ? fmt::format("the model '{}' does not exist", raised.message)
                           : raised.message;
  return json_raised(shown.status, shown.exception, message);
}

Viewer viewer_of(const UserOptions& user) {
  return {.uid = user.uid, .rights = std::set<std::string, std::less<>>(user.rights.begin(), user.rights.end())};
}

bool is_secret_of(const UserOptions& user, const Value& secret) {
  return secret.is(Value::Kind::text) && !secret.text.empty() &&
         (secret.text == user.key || secret.text == user.password);
}

} // namespace

/// One request on its way through the simulator.
struct OdooSimulator::Call {
  const SimRequest& request;
  Target target;
  std::optional<Faults::Fault> fault;
};

OdooSimulator::OdooSimulator(SimulatorOptions options, Clock& clock)
    : options_(std::move(options)), clock_(clock), world_(options_.world), faults_(options_.faults) {}

OdooSimulator::~OdooSimulator() = default;

Answer OdooSimulator::handle(const SimRequest& request) {
  if (options_.control && request.target.starts_with(control_prefix)) {
    return control(request);
  }
  Call call{request, parse_target(request.target), faults_.next(request.target)};
  {
    const std::lock_guard lock(statistics_mutex_);
    ++statistics_.requests;
    statistics_.faults += call.fault ? 1U : 0U;
  }
  Answer result = answer(call);
  const auto now = with_world([](World& world) { return world.now(); });
  result.headers.push_back({"Server", "Werkzeug/2.2.2 Python/3.11.2"});
  result.headers.push_back({"Date", format_http_date(now)});
  return result;
}

Answer OdooSimulator::answer(Call& call) {
  if (auto failed = fail_instead(call)) {
    return std::move(*failed);
  }
  if (call.fault && call.fault->kind == FaultKind::data_moves) {
    static_cast<void>(mutate(call.fault->key, {.created = 1, .updated = 2, .advance = std::chrono::seconds{1}}));
  }
  Answer result = route(call);
  const bool packs = options_.gzip && result.status == 200 &&
                     call.request.header("Accept-Encoding").value_or("").find("gzip") != std::string_view::npos;
  if (packs && !(call.fault && spoils(call.fault->kind))) {
    result.body = std::make_shared<const std::string>(gzip(result.content()));
    result.headers.push_back({"Content-Encoding", "gzip"});
  }
  if (call.fault && spoils(call.fault->kind) && result.status == 200) {
    spoil(*call.fault, faults_.plan(), result);
  }
  return result;
}

std::optional<Answer> OdooSimulator::fail_instead(const Call& call) {
  if (!call.fault || spoils(call.fault->kind) || call.fault->kind == FaultKind::data_moves) {
    return std::nullopt;
  }
  if (auto answer = failed_answer(call.fault->kind, call.target.path)) {
    return answer;
  }
  // Odoo itself has no limits; what a proxy before it answers has no body worth reading.
  const auto wait = call.fault->retry_after;
  switch (call.fault->kind) {
  case FaultKind::rate_limit_seconds:
  case FaultKind::secondary_limit:
  case FaultKind::primary_limit: {
    Answer limited = text_answer(429, html_type, "<html></html>");
    limited.headers.push_back({"Retry-After", std::to_string(wait.count())});
    return limited;
  }
  case FaultKind::rate_limit_date: {
    Answer limited = text_answer(429, html_type, "<html></html>");
    limited.headers.push_back(
        {"Retry-After", format_http_date(std::chrono::ceil<std::chrono::seconds>(clock_.now()) + wait)});
    return limited;
  }
  case FaultKind::secondary_limit_bare:
    return text_answer(429, html_type, "<html></html>");
  case FaultKind::forbidden: {
    const Raised raised{Raised::Class::access_error, "You are not allowed to access this."};
    return call.target.path.starts_with("/xmlrpc/") ? xml_raised(raised) : json_raised(raised);
  }
  default: {
    const Raised raised{Raised::Class::conflict, "could not serialize access due to concurrent update"};
    return call.target.path.starts_with("/xmlrpc/") ? xml_raised(raised)
                                                    : json_raised(500, "builtins.Exception", "Server Error");
  }
  }
}

Answer OdooSimulator::route(Call& call) {
  const auto& path = call.target.path;
  const bool modern = options_.world.major_version >= 19;
  if (call.request.method == "GET" && path == "/web/version" && options_.web_version && modern) {
    count("web_version");
    return text_answer(200, json_type,
                       fmt::format(R"({{"version_info": [{0}, 0, 0, "final", 0, ""], "version": "{0}.0"}})",
                                   options_.world.major_version));
  }
  if (call.request.method == "POST" && path.starts_with("/xmlrpc/2/") && options_.xmlrpc) {
    if (path == "/xmlrpc/2/common" || path == "/xmlrpc/2/object") {
      return xmlrpc(call, path == "/xmlrpc/2/common");
    }
  }
  if (path.starts_with("/json/2/") && options_.json2 && modern) {
    return json2(call);
  }
  // What an older server does not have is described too: it answers 404.
  if (path != "/web/version" && !path.starts_with("/json/2/") && !path.starts_with("/xmlrpc/2/")) {
    undescribed(call.request.method + " " + call.request.target);
  }
  return not_found();
}

void OdooSimulator::undescribed(std::string what) {
  const std::lock_guard lock(statistics_mutex_);
  if (statistics_.undescribed.size() < most_undescribed) {
    statistics_.undescribed.push_back(std::move(what));
  }
}

Answer OdooSimulator::xmlrpc(Call& call, bool common) {
  {
    const std::lock_guard lock(statistics_mutex_);
    ++statistics_.by_xmlrpc;
  }
  const auto read = read_xml_call(call.request.body);
  if (!read.ok()) {
    undescribed("an XML-RPC call that is none: " + read.error().message);
    return text_answer(200, xml_type, xml_fault(1, std::string(traceback_top) + read.error().message + "\n"));
  }
  return common ? xml_common(read->method, read->params) : xml_object(read->method, read->params);
}

Answer OdooSimulator::xml_common(const std::string& method, const std::vector<Value>& params) {
  count(method);
  const auto reply = [](const Value& value) { return text_answer(200, xml_type, *xml_response(value)); };
  if (method == "version" && params.empty()) {
    const auto major = options_.world.major_version;
    const auto serie = fmt::format("{}.0", major);
    return reply(Value(Value::Members{{"server_version", serie},
                                      {"server_version_info", std::vector<Value>{major, 0, 0, "final", 0, ""}},
                                      {"server_serie", serie},
                                      {"protocol_version", 1}}));
  }
  if (method == "authenticate" && params.size() == 4 && params[3].is(Value::Kind::structure)) {
    if (params[0].text != options_.database) {
      return text_answer(
          200, xml_type,
          xml_fault(1,
                    fmt::format(
                        "{}psycopg2.OperationalError: connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  "
                        "database \"{}\" does not exist\n\n",
                        traceback_top, params[0].text)));
    }
    for (const auto& user : options_.users) {
      if (params[1].text == user.login && is_secret_of(user, params[2])) {
        return reply(Value(user.uid));
      }
    }
    return reply(Value(false));
  }
  undescribed(fmt::format("common.{} with {} arguments", method, params.size()));
  return xml_raised({Raised::Class::bad_arguments, fmt::format("common.{} takes other arguments", method)});
}

Answer OdooSimulator::xml_object(const std::string& method, const std::vector<Value>& params) {
  if (method != "execute_kw" || params.size() < 6 || params.size() > 7 || !params[5].is(Value::Kind::list)) {
    undescribed(fmt::format("object.{} with {} arguments", method, params.size()));
    return xml_raised({Raised::Class::bad_arguments,
                       "execute_kw takes database, uid, secret, model, method, arguments and keywords"});
  }
  if (params[0].text != options_.database) {
    return text_answer(
        200, xml_type,
        xml_fault(1, fmt::format("{}psycopg2.OperationalError: FATAL:  database \"{}\" does not exist\n\n",
                                 traceback_top, params[0].text)));
  }
  const auto user = std::find_if(options_.users.begin(), options_.users.end(), [&](const UserOptions& candidate) {
    return Value(candidate.uid) == params[1] && is_secret_of(candidate, params[2]);
  });
  if (user == options_.users.end()) {
    return xml_raised({Raised::Class::access_denied, "Access Denied"});
  }
  MethodCall call{.model = params[3].text,
                  .method = params[4].text,
                  .args = params[5].items,
                  .kwargs = params.size() == 7 ? params[6].members : Value::Members()};
  const auto outcome = run(viewer_of(*user), call);
  if (const auto* raised = std::get_if<Raised>(&outcome)) {
    return xml_raised(*raised);
  }
  auto body = xml_response(std::get<Value>(outcome));
  return body.ok() ? text_answer(200, xml_type, std::move(*body))
                   : xml_raised({Raised::Class::overflow, body.error().message});
}

Answer OdooSimulator::json2(const Call& call) {
  {
    const std::lock_guard lock(statistics_mutex_);
    ++statistics_.by_json2;
  }
  const auto& segments = call.target.segments;
  const auto authorization = call.request.header("Authorization").value_or("");
  const auto user = std::find_if(options_.users.begin(), options_.users.end(), [&](const UserOptions& candidate) {
    return !candidate.key.empty() && equal_ignoring_case(authorization.substr(0, 7), "bearer ") &&
           authorization.substr(7) == candidate.key;
  });
  if (user == options_.users.end()) {
    return json_raised(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey");
  }
  if (call.request.method != "POST" || segments.size() != 4) {
    undescribed(call.request.method + " " + call.request.target);
    return json_raised(404, "werkzeug.exceptions.NotFound", "Did you mean POST /json/2/<model>/<method>?");
  }
  if (const auto database = call.request.header("X-Odoo-Database"); database && *database != options_.database) {
    return not_found();
  }
  rapidjson::Document body;
  body.Parse<rapidjson::kParseIterativeFlag>(call.request.body.data(), call.request.body.size());
  if (body.HasParseError() || !body.IsObject()) {
    undescribed(call.request.target + " with a body that is no JSON object");
    return json_raised(400, "werkzeug.exceptions.BadRequest", "Invalid JSON data");
  }
  const MethodCall method{.model = segments[2], .method = segments[3], .args = {}, .kwargs = from_json(body).members};
  const auto outcome = run(viewer_of(*user), method);
  if (const auto* raised = std::get_if<Raised>(&outcome)) {
    return json_raised(*raised);
  }
  JsonText out;
  write_json(out, std::get<Value>(outcome));
  return text_answer(200, json_type, out.take());
}

std::variant<Value, Raised> OdooSimulator::run(const Viewer& viewer, const MethodCall& method) {
  count(method.model + "." + method.method);
  std::int64_t records = 0;
  auto outcome = with_world([&](World& world) {
    if (hook_ && (method.method == "search_read" || method.method == "search" || method.method == "read")) {
      hook_(world, reads_++);
    }
    return call_method(world, viewer, method, {.most_records = options_.most_records}, records);
  });
  // No method of that name, or not with these arguments.
  if (const auto* raised = std::get_if<Raised>(&outcome);
      raised != nullptr &&
      (raised->kind == Raised::Class::missing_method || raised->kind == Raised::Class::bad_arguments)) {
    undescribed(fmt::format("{}.{}: {}", method.model, method.method, raised->message));
  }
  const std::lock_guard lock(statistics_mutex_);
  statistics_.most_records = std::max(statistics_.most_records, records);
  return outcome;
}

void OdooSimulator::count(const std::string& what) {
  const std::lock_guard lock(statistics_mutex_);
  ++statistics_.calls[what];
}

MutationCounts OdooSimulator::mutate(std::uint64_t seed, const MutationCounts& counts) {
  return with_world([&](World& world) { return world.mutate(seed, counts); });
}

void OdooSimulator::before_reads(std::function<void(World&, std::uint64_t)> hook) {
  const std::lock_guard lock(world_mutex_);
  hook_ = std::move(hook);
  reads_ = 0;
}

Statistics OdooSimulator::statistics() const {
  const std::lock_guard lock(statistics_mutex_);
  return statistics_;
}

void OdooSimulator::reset_statistics() {
  const std::lock_guard lock(statistics_mutex_);
  statistics_ = Statistics{};
}

Answer OdooSimulator::control(const SimRequest& request) {
  const auto refuse = [](int status, std::string_view message) {
    JsonText out;
    out.begin_object().member("message", message).end_object();
    return text_answer(status, json_type, out.take());
  };
  const auto what = std::string_view(request.target).substr(control_prefix.size());
  if (what == "statistics" && request.method == "GET") {
    return text_answer(200, json_type, statistics_text(statistics()));
  }
  if (request.method != "POST") {
    return refuse(404, "unknown control path");
  }
  if (what == "reset") {
    reset_statistics();
    return text_answer(200, json_type, R"({"ok":true})");
  }
  if (what == "faults") {
    auto plan = faults_from_json(request.body);
    if (!plan.ok()) {
      return refuse(400, plan.error().message);
    }
    set_faults(std::move(*plan));
    return text_answer(200, json_type, R"({"ok":true})");
  }
  if (what == "mutate") {
    const auto wish = mutation_from_json(request.body);
    if (!wish.ok()) {
      return refuse(400, wish.error().message);
    }
    return text_answer(200, json_type, counts_text(mutate(wish->seed, wish->counts)));
  }
  return refuse(404, "unknown control path");
}

} // namespace dovetail::simulators::odoo
