// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/monday/control.hpp"

#include "tests/simulators/json_fields.hpp"
#include "tests/simulators/json_text.hpp"

namespace dovetail::simulators::monday {
namespace {

Answer json_answer(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers.push_back({"Content-Type", "application/json; charset=utf-8"});
  answer.body = std::make_shared<const std::string>(std::move(body));
  return answer;
}

Answer refusal(int status, std::string_view message) {
  JsonText out;
  return json_answer(status, out.begin_object().member("message", message).end_object().take());
}

Answer done() { return json_answer(200, R"({"ok":true})"); }

Status read_board(const rapidjson::Value& value, const std::string& where, BoardOptions& out) {
  std::string layout(to_string(out.layout));
  DOVETAIL_TRY_STATUS(Fields(value, where)
                          .read("name", out.name)
                          .read("layout", layout)
                          .read("items", out.items)
                          .read("type", out.type)
                          .read("column_suffix", out.column_suffix)
                          .read("odd_labels", out.odd_labels)
                          .finish());
  for (const Layout known : {Layout::tickets, Layout::projects, Layout::every}) {
    if (layout == to_string(known)) {
      out.layout = known;
      return {};
    }
  }
  return invalid_argument(fmt::format("simulator configuration: {}/layout must be tickets, projects or every", where));
}

Status read_limits(const rapidjson::Value& value, const std::string& where, LimitOptions& out) {
  return Fields(value, where)
      .read("complexity_per_minute", out.complexity_per_minute)
      .read("complexity_per_query", out.complexity_per_query)
      .read("calls_per_minute", out.calls_per_minute)
      .read("calls_per_day", out.calls_per_day)
      .read("concurrent", out.concurrent)
      .read("complexity_in_200", out.complexity_in_200)
      .finish();
}

Status read_token(const rapidjson::Value& value, const std::string& where, TokenOptions& out) {
  return Fields(value, where).read("token", out.token).read("user", out.user).finish();
}

std::string statistics_text(const Statistics& statistics) {
  JsonText out;
  out.begin_object().member("total", statistics.requests).member("body_bytes", statistics.body_bytes);
  out.member("complexity", statistics.complexity).name("requests").begin_object();
  for (const auto& [status, count] : statistics.by_status) {
    out.member(std::to_string(status), count);
  }
  out.end_object().name("errors").begin_object();
  for (const auto& [code, count] : statistics.by_code) {
    out.member(code, count);
  }
  out.end_object().name("faults").begin_object();
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    if (statistics.faults[i] > 0) {
      out.member(to_string(static_cast<FaultKind>(i)), statistics.faults[i]);
    }
  }
  out.end_object().name("undescribed").begin_array();
  for (const std::string& request : statistics.undescribed) {
    out.value(request);
  }
  return out.end_array().end_object().take();
}

std::string queries_text(const std::vector<LoggedQuery>& queries) {
  JsonText out;
  out.begin_array();
  for (const LoggedQuery& query : queries) {
    out.begin_object().member("query", query.document).member("variables", query.variables);
    out.member("complexity", query.complexity).member("status", query.status).member("code", query.code).end_object();
  }
  return out.end_array().take();
}

Answer mutate(MondaySimulator& simulator, const std::string& body) {
  const Result<MutationRequest> wish = mutation_from_json(body);
  if (!wish.ok()) {
    return refusal(400, wish.error().message);
  }
  const auto boards = simulator.with_world([](const World& world) { return world.boards().size(); });
  if (wish->counts.board >= static_cast<int>(boards)) {
    return refusal(400, "there is no board of that number");
  }
  const MutationCounts counts = simulator.mutate(wish->seed, wish->counts);
  JsonText out;
  out.begin_object().member("new_items", counts.new_items).member("updated_items", counts.updated_items);
  out.member("renamed_items", counts.renamed_items).member("archived_items", counts.archived_items);
  out.member("deleted_items", counts.deleted_items).member("new_users", counts.new_users);
  out.member("deactivated_users", counts.deactivated_users).member("removed_users", counts.removed_users);
  return json_answer(200, out.end_object().take());
}

Answer change_column(MondaySimulator& simulator, const std::string& body) {
  rapidjson::Document document;
  Status status = parse_configuration(body, document);
  std::int64_t board = 0;
  std::string column;
  std::string title;
  bool gone = false;
  status = status.ok() ? Fields(document, "")
                             .read("board", board)
                             .read("column", column)
                             .read("title", title)
                             .read("delete", gone)
                             .finish()
                       : status;
  if (status.ok()) {
    status = simulator.with_world([&](World& world) {
      return gone ? world.delete_column(board, column) : world.rename_column(board, column, title);
    });
  }
  return status.ok() ? done() : refusal(400, status.error().message);
}

Answer change(MondaySimulator& simulator, std::string_view what, const SimRequest& request) {
  if (what == "reset") {
    simulator.reset_statistics();
    return done();
  }
  if (what == "mutate") {
    return mutate(simulator, request.body);
  }
  if (what == "column") {
    return change_column(simulator, request.body);
  }
  if (what == "faults") {
    Result<FaultPlan> plan = faults_from_json(request.body);
    if (!plan.ok()) {
      return refusal(400, plan.error().message);
    }
    simulator.set_faults(std::move(plan).value());
    return done();
  }
  if (what == "limits") {
    const Result<LimitOptions> limits = limits_from_json(request.body);
    if (!limits.ok()) {
      return refusal(400, limits.error().message);
    }
    simulator.set_limits(*limits);
    return done();
  }
  return refusal(404, "unknown control path");
}

} // namespace

Result<SimulatorOptions> options_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse_configuration(json, document));
  SimulatorOptions options;
  Second epoch;
  DOVETAIL_TRY_STATUS(
      Fields(document, "")
          .read("seed", options.world.seed)
          .read("epoch", epoch)
          .read("users", options.world.users)
          .items("boards",
                 [&](const rapidjson::Value& item, const std::string& place) {
                   return read_board(item, place, options.world.boards.emplace_back());
                 })
          .items("tokens",
                 [&](const rapidjson::Value& item, const std::string& place) {
                   return read_token(item, place, options.tokens.emplace_back());
                 })
          .nested("limits", [&](const rapidjson::Value& inner,
                                const std::string& place) { return read_limits(inner, place, options.limits); })
          .nested("faults", [&](const rapidjson::Value& inner,
                                const std::string& place) { return read_fault_plan(inner, place, options.faults); })
          .read("version", options.version)
          .read("skew", options.skew)
          .read("validation_status", options.validation_status)
          .read("gzip", options.gzip)
          .read("control", options.control)
          .finish());
  if (epoch != Second{}) {
    options.world.epoch = epoch;
  }
  return options;
}

Result<LimitOptions> limits_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse_configuration(json, document));
  LimitOptions limits;
  DOVETAIL_TRY_STATUS(read_limits(document, "", limits));
  return limits;
}

Result<MutationRequest> mutation_from_json(std::string_view json) {
  rapidjson::Document document;
  DOVETAIL_TRY_STATUS(parse_configuration(json, document));
  MutationRequest request;
  MutationCounts& counts = request.counts;
  DOVETAIL_TRY_STATUS(Fields(document, "")
                          .read("seed", request.seed)
                          .read("new_items", counts.new_items)
                          .read("updated_items", counts.updated_items)
                          .read("renamed_items", counts.renamed_items)
                          .read("archived_items", counts.archived_items)
                          .read("deleted_items", counts.deleted_items)
                          .read("new_users", counts.new_users)
                          .read("deactivated_users", counts.deactivated_users)
                          .read("removed_users", counts.removed_users)
                          .read("board", counts.board)
                          .read("silent", counts.silent)
                          .finish());
  return request;
}

SimulatorOptions demonstration() {
  SimulatorOptions options;
  options.world.seed = 20'260'105;
  options.world.boards = {{.name = "Client Support Tickets", .layout = Layout::tickets, .items = 120},
                          {.name = "Projects", .layout = Layout::projects, .items = 30}};
  options.tokens = {{.token = "demo-token-monday"}};
  return options;
}

Answer handle_control(MondaySimulator& simulator, const SimRequest& request) {
  const std::string_view what = std::string_view(request.target).substr(control_prefix.size());
  if (what == "statistics" && request.method == "GET") {
    return json_answer(200, statistics_text(simulator.statistics()));
  }
  if (what == "queries" && request.method == "GET") {
    return json_answer(200, queries_text(simulator.queries()));
  }
  return request.method == "POST" ? change(simulator, what, request) : refusal(404, "unknown control path");
}

} // namespace dovetail::simulators::monday
