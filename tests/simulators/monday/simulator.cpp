// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/monday/simulator.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <rapidjson/document.h>

#include "core/base/time.hpp"
#include "tests/simulators/gzip.hpp"
#include "tests/simulators/monday/control.hpp"

namespace dovetail::simulators::monday {
namespace {

constexpr std::size_t most_queries = 10'000;
constexpr std::size_t most_undescribed = 1000;
constexpr std::size_t most_kept = 10'000;
constexpr std::size_t most_variables_bytes = 4096;
constexpr std::chrono::minutes key_life{30};
constexpr std::size_t least_gzip_bytes = 512;

Answer json_answer(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers.push_back({"Content-Type", "application/json; charset=utf-8"});
  answer.body = std::make_shared<const std::string>(std::move(body));
  return answer;
}

} // namespace

OAuthEndpointOptions oauth_options() {
  OAuthEndpointOptions options;
  options.token_path = "/oauth_ms/oauth/token";
  options.revoke_path = "/oauth_ms/oauth/revoke";
  options.client_auth = OAuthEndpointOptions::ClientAuth::body;
  options.form = OAuthEndpointOptions::Form::json;
  options.tells_life = false;
  options.jwt = true;
  return options;
}

/// One request on its way through the simulator.
struct MondaySimulator::Call {
  const SimRequest& request;
  std::string token = {};
  std::int64_t user = 0;
  std::string text = {}; ///< of the query
  std::string variables = {};
  Document document = {};
  bool is_query = false; ///< `document` holds what was asked
  std::int64_t cost = 0;
  std::optional<Faults::Fault> fault = {};
  std::optional<Limits::Verdict> verdict = {};
  std::string code = {}; ///< of the first error
  std::string request_id = {};
};

MondaySimulator::MondaySimulator(SimulatorOptions options, Clock& clock)
    : options_(std::move(options)), clock_(clock), faults_(options_.faults),
      world_(options_.world,
             options_.world.epoch.value_or(std::chrono::floor<std::chrono::seconds>(clock.now())) + options_.skew),
      limits_(options_.limits) {
  if (options_.oauth) {
    oauth_.emplace(clock_, *options_.oauth);
  }
  for (const TokenOptions& token : options_.tokens) {
    add_token(token.token, token.user);
  }
}

MondaySimulator::~MondaySimulator() = default;

Second MondaySimulator::now() const { return std::chrono::floor<std::chrono::seconds>(clock_.now()) + options_.skew; }

void MondaySimulator::add_token(const std::string& token, std::size_t user) {
  const std::lock_guard lock(mutex_);
  tokens_[token] = user < world_.users().size() ? world_.users()[user].id : World::first_user_id;
}

void MondaySimulator::remove_token(const std::string& token) {
  const std::lock_guard lock(mutex_);
  tokens_.erase(token);
}

void MondaySimulator::force(ForcedError error) {
  const std::lock_guard lock(mutex_);
  forced_.push_back(std::move(error));
}

void MondaySimulator::set_limits(LimitOptions limits) {
  const std::lock_guard lock(mutex_);
  limits_.configure(limits);
}

MutationCounts MondaySimulator::mutate(std::uint64_t seed, const MutationCounts& counts) {
  const std::lock_guard lock(mutex_);
  return world_.mutate(seed, counts, now());
}

Statistics MondaySimulator::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

void MondaySimulator::reset_statistics() {
  const std::lock_guard lock(mutex_);
  statistics_ = Statistics{};
  queries_.clear();
}

std::vector<LoggedQuery> MondaySimulator::queries() const {
  const std::lock_guard lock(mutex_);
  return {queries_.begin(), queries_.end()};
}

Answer MondaySimulator::handle(const SimRequest& request) {
  if (options_.control && request.target.starts_with(control_prefix)) {
    return handle_control(*this, request);
  }
  if (oauth_ && oauth_->serves(request)) {
    return oauth_->handle(request);
  }
  const std::lock_guard lock(mutex_);
  Call call{.request = request};
  call.request_id = fmt::format("{:08x}-3a51-9d3c-8f43-1f6d7c2d9a10", ++serial_);
  // Every query has the same target: what is asked decides which of a plan's lines fits.
  call.fault = faults_.next(request.target + " " + request.body);
  Answer result = answer(call);
  add_headers(call, result);
  record(call, result);
  return result;
}

Answer MondaySimulator::answer(Call& call) {
  if (auto refused = refuse(call)) {
    return std::move(*refused);
  }
  if (auto wrong = forced(call)) {
    return std::move(*wrong);
  }
  if (auto wrong = failed(call)) {
    return std::move(*wrong);
  }
  call.verdict = limits_.admit(call.token, call.cost, now());
  if (call.verdict->refusal) {
    return limited(call, *call.verdict->refusal);
  }
  if (call.fault && call.fault->kind == FaultKind::data_moves) {
    static_cast<void>(world_.mutate(call.fault->key,
                                    {.new_items = 2,
                                     .updated_items = 3,
                                     .archived_items = 1,
                                     .deleted_items = 1,
                                     .new_users = call.fault->key % 4 == 0 ? 1 : 0},
                                    now()));
  }
  Answer result = run(call);
  if (call.fault && spoils(call.fault->kind)) {
    spoil(*call.fault, faults_.plan(), result);
  }
  return result;
}

std::optional<Answer> MondaySimulator::refuse(Call& call) {
  const SimRequest& request = call.request;
  if (request.method != "POST" || request.target != "/v2") {
    return undescribed(call, "NOT_FOUND", fmt::format("{} {}", request.method, request.target));
  }
  std::string_view authorization = request.header("Authorization").value_or("");
  if (authorization.starts_with("Bearer ")) {
    authorization.remove_prefix(7);
  }
  const auto token = tokens_.find(authorization);
  const bool signed_in = oauth_ && oauth_->check(request) == OAuthEndpoint::TokenState::valid;
  if (token == tokens_.end() && !signed_in) {
    call.code = "NOT_AUTHENTICATED";
    return json_answer(401, R"({"errors":["Not Authenticated"]})");
  }
  call.token = signed_in ? "oauth" : token->first;
  call.user = signed_in ? World::first_user_id : token->second;
  if (request.header("API-Version").value_or("") != options_.version) {
    return undescribed(call, "InvalidVersionException",
                       fmt::format("API-Version \"{}\" is not served", request.header("API-Version").value_or("")));
  }
  if (!request.header("Content-Type").value_or("").starts_with("application/json")) {
    return undescribed(call, "JsonParseException", "the body is no application/json");
  }
  rapidjson::Document body;
  body.Parse<rapidjson::kParseIterativeFlag>(request.body.data(), request.body.size());
  if (body.HasParseError() || !body.IsObject() || !body.HasMember("query") || !body["query"].IsString()) {
    return undescribed(call, "JsonParseException", "the body is no JSON object with a query");
  }
  call.text.assign(body["query"].GetString(), body["query"].GetStringLength());
  // `variables` must be an object: the form as a string was removed in 2025-04.
  const auto from = request.body.find("\"variables\":");
  call.variables = from == std::string::npos ? "{}" : request.body.substr(from + 12, request.body.size() - from - 13);
  auto document = parse_document(call.text);
  if (!document.ok()) {
    return undescribed(call, "GRAPHQL_PARSE_FAILED", document.error().message);
  }
  const auto variables = parse_variables(call.variables);
  if (!variables.ok()) {
    return undescribed(call, "JsonParseException", variables.error().message);
  }
  Status status = validate(*document);
  status = status.ok() ? substitute(*document, *variables) : status;
  if (!status.ok()) {
    return undescribed(call, "GRAPHQL_VALIDATION_FAILED", status.error().message);
  }
  call.document = std::move(*document);
  call.is_query = true;
  call.cost = complexity_of(call.document);
  return std::nullopt;
}

Answer MondaySimulator::undescribed(Call& call, const std::string& code, const std::string& message) {
  if (statistics_.undescribed.size() < most_undescribed) {
    statistics_.undescribed.push_back(code + ": " + message);
  }
  return error_answer(call, options_.validation_status, {.code = code, .message = message, .status_code = 400}, "null");
}

Answer MondaySimulator::error_answer(Call& call, int http_status, const ForcedError& error, const std::string& data) {
  call.code = error.code;
  JsonText out;
  out.begin_object();
  if (error.form == ForcedError::Form::old) {
    out.member("error_code", error.code)
        .member("status_code", error.status_code)
        .member("error_message", error.message);
    out.name("error_data").begin_object().end_object();
  } else if (error.form == ForcedError::Form::texts) {
    out.name("errors").begin_array().value(error.message).end_array();
  } else {
    out.name("data").raw(data).name("errors").begin_array().begin_object().member("message", error.message);
    out.name("extensions").begin_object().member("code", error.code);
    if (error.status_code > 0) {
      out.member("status_code", error.status_code);
    }
    if (error.retry_in_s >= 0) {
      out.member("retry_in_seconds", error.retry_in_s);
    }
    out.end_object().end_object().end_array();
  }
  out.name("extensions").begin_object().member("request_id", call.request_id).end_object();
  Answer answer = json_answer(http_status, out.member("account_id", 9'000'001).end_object().take());
  if (http_status == 429 && error.retry_in_s >= 0) {
    answer.headers.push_back({"Retry-After", std::to_string(error.retry_in_s)});
  }
  return answer;
}

std::string MondaySimulator::partial_data(Call& call) {
  if (call.document.mutation) {
    return "null";
  }
  Execution execution({.world = world_,
                       .document = call.document,
                       .now = now(),
                       .user = call.user,
                       .version = options_.version,
                       .complexity = {},
                       .cursor_life = options_.cursor_life});
  const std::string members = execution.run();
  const std::size_t end = members.find(",\"errors\":");
  return members.substr(7, end == std::string::npos ? end : end - 7);
}

std::optional<Answer> MondaySimulator::forced(Call& call) {
  if (forced_.empty()) {
    return std::nullopt;
  }
  const ForcedError error = forced_.front();
  if (--forced_.front().times <= 0) {
    forced_.pop_front();
  }
  return error_answer(call, error.http_status, error,
                      error.form == ForcedError::Form::partial ? partial_data(call) : "null");
}

std::optional<Answer> MondaySimulator::failed(Call& call) {
  if (!call.fault || spoils(call.fault->kind) || call.fault->kind == FaultKind::data_moves) {
    return std::nullopt;
  }
  const std::int64_t wait = call.fault->retry_after.count();
  switch (call.fault->kind) {
  case FaultKind::rate_limit_seconds:
    return error_answer(call, 429,
                        {.code = "MINUTE_RATE_LIMIT_EXCEEDED",
                         .message = "Minute limit rate exceeded",
                         .status_code = 429,
                         .retry_in_s = wait},
                        "null");
  case FaultKind::rate_limit_date: {
    Answer refusal = error_answer(
        call, 429, {.code = "IP_RATE_LIMIT_EXCEEDED", .message = "IP rate limit exceeded", .status_code = 429}, "null");
    refusal.headers.push_back({"Retry-After", format_http_date(std::chrono::ceil<std::chrono::seconds>(clock_.now()) +
                                                               call.fault->retry_after)});
    return refusal;
  }
  case FaultKind::primary_limit:
    return error_answer(call, 429,
                        {.code = "COMPLEXITY_BUDGET_EXHAUSTED",
                         .message = "Complexity budget exhausted",
                         .status_code = 429,
                         .retry_in_s = wait},
                        "null");
  case FaultKind::secondary_limit:
    return error_answer(call, 200,
                        {.code = "FIELD_MINUTE_RATE_LIMIT_EXCEEDED",
                         .message = "Field rate limit exceeded",
                         .status_code = 429,
                         .retry_in_s = wait},
                        partial_data(call));
  case FaultKind::secondary_limit_bare:
    return error_answer(call, 200, {.code = "tooManyRequests", .message = "Too many requests", .status_code = 400},
                        "null");
  case FaultKind::forbidden:
    return error_answer(
        call, 200,
        {.code = "UserUnauthorizedException", .message = "User unauthorized to perform action", .status_code = 403},
        "null");
  case FaultKind::server_error:
    // As a status, or inside a 200 beside a part of the data.
    return call.fault->key % 2 == 0
               ? error_answer(call, 500,
                              {.code = "INTERNAL_SERVER_ERROR", .message = "Internal server error", .status_code = 500},
                              "null")
               : error_answer(call, 200,
                              {.code = "INTERNAL_SERVER_ERROR", .message = "Internal server error", .status_code = 500},
                              partial_data(call));
  default:
    return failed_answer(call.fault->kind, call.request.target);
  }
}

Answer MondaySimulator::limited(Call& call, const LimitRefusal& refusal) {
  call.code = refusal.code;
  JsonText out;
  out.begin_object().name("data").null().name("errors").begin_array().begin_object();
  out.member("message", refusal.message).name("extensions").begin_object().member("code", refusal.code);
  out.member("status_code", 429);
  if (refusal.retry_in_s > 0) {
    out.member("retry_in_seconds", refusal.retry_in_s);
  }
  if (refusal.complexity_limit > 0) {
    out.member("complexity", refusal.complexity).member("complexity_budget_left", refusal.complexity_left);
    out.member("complexity_budget_limit", refusal.complexity_limit);
  }
  out.end_object().end_object().end_array();
  out.name("extensions").begin_object().member("request_id", call.request_id).end_object().end_object();
  Answer answer = json_answer(refusal.http_status, out.take());
  if (refusal.http_status == 429 && refusal.retry_in_s > 0) {
    answer.headers.push_back({"Retry-After", std::to_string(refusal.retry_in_s)});
  }
  return answer;
}

Answer MondaySimulator::run(Call& call) {
  const std::string key(call.request.header("Idempotency-Key").value_or(""));
  const bool keeps = call.document.mutation && !key.empty();
  if (const auto kept = by_key_.find(key); keeps && kept != by_key_.end() && now() - kept->second.at < key_life) {
    Answer replayed = json_answer(200, kept->second.body);
    replayed.headers.push_back({"Idempotency-Replayed", "true"});
    return replayed;
  }
  Execution execution({.world = world_,
                       .document = call.document,
                       .now = now(),
                       .user = call.user,
                       .version = options_.version,
                       .complexity = call.verdict->complexity,
                       .cursor_life = options_.cursor_life,
                       .challenge = options_.challenge});
  std::string body = fmt::format("{{{},\"extensions\":{{\"request_id\":\"{}\"}},\"account_id\":9000001}}",
                                 execution.run(), call.request_id);
  call.code = execution.codes().empty() ? "" : execution.codes().front();
  if (keeps && by_key_.size() < most_kept) {
    by_key_[key] = {now(), body};
  }
  Answer answer = json_answer(200, std::move(body));
  answer.in_flight = call.verdict->running;
  const bool packs = options_.gzip && answer.content().size() >= least_gzip_bytes &&
                     call.request.header("Accept-Encoding").value_or("").find("gzip") != std::string_view::npos;
  if (packs) {
    answer.headers.push_back({"Content-Encoding", "gzip"});
    answer.body = std::make_shared<const std::string>(simulators::gzip(answer.content()));
  }
  return answer;
}

void MondaySimulator::add_headers(Call& call, Answer& answer) {
  if (!call.verdict) {
    return;
  }
  const LimitOptions& limits = limits_.options();
  std::string policy;
  std::string left;
  const auto add = [&](std::string_view name, std::int64_t quota, std::int64_t remaining, std::string_view more) {
    policy += fmt::format("{}\"{}\";q={}{}", policy.empty() ? "" : ", ", name, quota, more);
    left += fmt::format("{}\"{}\";r={}", left.empty() ? "" : ", ", name, remaining);
  };
  if (limits.calls_per_minute > 0) {
    add("minuteRate", limits.calls_per_minute, call.verdict->calls_left, ";w=60");
  }
  if (limits.concurrent > 0) {
    add("concurrency", limits.concurrent, call.verdict->running_left, ";qu=\"concurrent-requests\"");
  }
  if (limits.complexity_per_minute > 0) {
    add("complexityMinute", limits.complexity_per_minute, std::max<std::int64_t>(call.verdict->complexity.after, 0),
        ";w=60;qu=\"content-bytes\"");
    left += fmt::format(";t={}", call.verdict->complexity.reset_s);
  }
  answer.headers.push_back({"RateLimit-Policy", policy});
  answer.headers.push_back({"RateLimit", left});
}

void MondaySimulator::record(const Call& call, const Answer& answer) {
  const int status = answer.delivery.kind == DeliveryKind::reset_before_headers ? 0 : answer.status;
  ++statistics_.requests;
  ++statistics_.by_status[status];
  statistics_.body_bytes += answer.content().size();
  if (!call.code.empty()) {
    ++statistics_.by_code[call.code];
  }
  if (call.fault) {
    ++statistics_.faults[static_cast<std::size_t>(call.fault->kind)];
  }
  statistics_.complexity += call.verdict && !call.verdict->refusal ? call.cost : 0;
  if (queries_.size() == most_queries) {
    queries_.pop_front();
  }
  queries_.push_back({call.text, call.variables.substr(0, most_variables_bytes),
                      std::string(call.request.header("Idempotency-Key").value_or("")), call.cost, status, call.code});
}

} // namespace dovetail::simulators::monday
