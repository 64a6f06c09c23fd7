// SPDX-License-Identifier: Apache-2.0
#include "core/http/client.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/base/limits.hpp"

namespace dovetail::http {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view request_id_header = "X-Request-ID";

constexpr std::array<std::string_view, 11> headers_of_ours{
    "host", "content-length", "transfer-encoding", "connection", "keep-alive",         "accept-encoding",
    "te",   "trailer",        "upgrade",           "expect",     "proxy-authorization"};
constexpr std::array<std::string_view, 2> credential_headers{"authorization", "cookie"};

bool is_transient_status(int status) noexcept { return status == 502 || status == 503 || status == 504; }
bool is_redirect(int status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

template <std::size_t count> bool names(const std::array<std::string_view, count>& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(), [name](auto entry) { return equals_ignoring_case(entry, name); });
}

Status check_request(const Request& request) {
  if (!is_token(request.method) || request.method.size() > 32) {
    return invalid_argument("The request's method is not a valid one; use GET, POST, PUT, PATCH or DELETE.");
  }
  if (request.body.size() > limits::max_request_body_bytes) {
    return out_of_range(fmt::format("The request's body has {} bytes; at most {} are sent.", request.body.size(),
                                    limits::max_request_body_bytes));
  }
  for (const auto& field : request.headers) {
    if (names(headers_of_ours, field.name)) {
      return invalid_argument(
          fmt::format("The request sets the header {}, which is the client's business.", field.name));
    }
  }
  for (const auto& field : request.secret_headers) {
    Headers probe;
    DOVETAIL_TRY_STATUS(probe.add(field.name, field.value.reveal()));
    if (names(headers_of_ours, field.name)) {
      return invalid_argument(
          fmt::format("The request sets the header {}, which is the client's business.", field.name));
    }
  }
  return {};
}

std::string make_request_id(Random& random) { return fmt::format("{:016x}{:016x}", random.next(), random.next()); }

bool is_worth_retrying(const Error& error) noexcept {
  return error.retry == RetryClass::transient &&
         (error.code == ErrorCode::unavailable || error.code == ErrorCode::data_loss);
}

} // namespace

struct Client::State {
  State(Parts the_parts, ClientOptions the_options)
      : parts(the_parts), options(std::move(the_options)), budget(options.retry), buffers(options.pooled_buffers) {
    if (options.user_agent.empty()) {
      options.user_agent = "dovetail/" DOVETAIL_VERSION;
    }
  }

  Parts parts;
  ClientOptions options;
  RetryBudget budget;
  PageBufferPool buffers;
};

// One logical request on its way through redirects and retries.
struct Client::Call {
  Call(State& the_state, const Request& the_request, const CallContext& the_context)
      : state(the_state), request(the_request), context(the_context) {}

  Result<Response> run();
  [[nodiscard]] int requests_sent() const noexcept { return sent; }

private:
  Status prepare();
  Result<Response> send_until_answered(const Url& url);
  Result<TransportResponse> attempt(const Url& url, ExchangeReport& report);
  Status pause_after(std::string_view reason);
  Result<bool> settle_limit(const Url& url, const TransportResponse& answer);
  Result<std::optional<Url>> redirect_target(const Url& url, const Response& answer);
  void follow(const Url& from, const Url& to);
  Response finish(const Url& url, TransportResponse answer, std::size_t wire_bytes) const;
  Error limited(const Url& url, int status, milliseconds wait, const Headers& headers) const;
  Error failed(const Url& url, Error error) const;
  [[nodiscard]] std::string provider_request_id(const Headers& answer) const;
  [[nodiscard]] bool may_retry() const { return repeatable && retries + 1 < state.options.retry.max_attempts; }
  void log(LogLevel level, std::string_view message, const Url& url, int status, std::string_view detail) const;

  State& state;
  const Request& request;
  const CallContext& context;
  std::string request_id;
  Headers headers;
  std::vector<SecretHeader> secrets;
  bool repeatable = false;
  int sent = 0;
  int retries = 0;
};

Status Client::Call::prepare() {
  DOVETAIL_TRY_STATUS(check_request(request));
  repeatable = request.safe_to_repeat.value_or(is_idempotent(request.method));
  headers = request.headers;
  secrets = request.secret_headers;
  request_id = context.request_id.empty() ? make_request_id(state.parts.random) : context.request_id;
  DOVETAIL_TRY_STATUS(headers.set(request_id_header, request_id));
  DOVETAIL_TRY_STATUS(headers.set("Accept-Encoding", "gzip"));
  if (!headers.contains("User-Agent")) {
    DOVETAIL_TRY_STATUS(headers.add("User-Agent", state.options.user_agent));
  }
  if (!headers.contains("Accept")) {
    DOVETAIL_TRY_STATUS(headers.add("Accept", "*/*"));
  }
  return {};
}

Result<Response> Client::Call::run() {
  DOVETAIL_TRY_STATUS(prepare());
  DOVETAIL_TRY(Url url, Url::parse(request.url));
  DOVETAIL_TRY_STATUS(context.egress.check(url));
  state.budget.earn(context.limiter_key.provider);
  for (std::size_t hop = 0;; ++hop) {
    DOVETAIL_TRY(Response answer, send_until_answered(url));
    DOVETAIL_TRY(const auto next, redirect_target(url, answer));
    if (!next) {
      return answer;
    }
    if (hop == state.options.max_redirects) {
      return failed(url,
                    failed_precondition(fmt::format("it redirected more than {} times", state.options.max_redirects)));
    }
    follow(url, *next);
    url = *next;
  }
}

Result<Response> Client::Call::send_until_answered(const Url& url) {
  while (true) {
    ExchangeReport report;
    auto answer = attempt(url, report);
    if (!answer.ok()) {
      const Error& error = answer.error();
      const bool again = is_worth_retrying(error) &&
                         (may_retry() || (!report.request_sent && retries + 1 < state.options.retry.max_attempts));
      if (!again || !state.budget.spend(context.limiter_key.provider)) {
        return failed(url, std::move(answer).error());
      }
      log(LogLevel::warning, "http request failed, trying again", url, 0, error.message);
      DOVETAIL_TRY_STATUS(pause_after(error.message));
      continue;
    }
    DOVETAIL_TRY(const bool again, settle_limit(url, *answer));
    if (again) {
      continue;
    }
    if (is_transient_status(answer->status) && may_retry() && state.budget.spend(context.limiter_key.provider)) {
      log(LogLevel::warning, "http request failed, trying again", url, answer->status, "");
      DOVETAIL_TRY_STATUS(pause_after("the provider's server failed"));
      continue;
    }
    return finish(url, std::move(answer).value(), report.wire_bytes);
  }
}

Result<TransportResponse> Client::Call::attempt(const Url& url, ExchangeReport& report) {
  DOVETAIL_TRY(auto permit, state.parts.limiter.acquire(context.limiter_key, context.cancellation));
  ++sent;
  const auto begin = state.parts.clock.monotonic_now();
  const TransportRequest raw{.method = request.method,
                             .url = url,
                             .headers = headers,
                             .secret_headers = secrets,
                             .body = request.body,
                             .allow_private_addresses = context.egress.allow_private_addresses,
                             .safe_to_repeat = repeatable,
                             .timeouts = context.timeouts,
                             .bounds = context.bounds,
                             .cancellation = context.cancellation};
  auto answer = state.parts.transport.exchange(raw, state.buffers, report);
  if (answer.ok()) {
    const auto took = std::chrono::duration<double, std::milli>(state.parts.clock.monotonic_now() - begin);
    log(LogLevel::debug, "http exchange", url, answer->status,
        fmt::format("{} bytes, {} on the wire, {:.1f} ms{}", answer->body.size(), report.wire_bytes, took.count(),
                    report.connection_reused ? ", kept connection" : ""));
  }
  return answer;
}

// Waits before the next attempt.
Status Client::Call::pause_after(std::string_view reason) {
  ++retries;
  const auto wait = backoff(state.options.retry, retries, state.parts.random);
  const auto& deadline = context.cancellation.deadline;
  if (deadline && state.parts.clock.monotonic_now() + wait >= *deadline) {
    return deadline_exceeded(
        fmt::format("The time for the request was up before it could be tried again; the last attempt failed: {}",
                    state.parts.redactor.redact(reason)));
  }
  state.parts.clock.sleep_for(wait, context.cancellation.stop);
  return context.cancellation.check(state.parts.clock);
}

// Tells the limiter what the answer says about limits. True: ask again, the limiter makes us wait. An Error: park.
Result<bool> Client::Call::settle_limit(const Url& url, const TransportResponse& answer) {
  const auto now = state.parts.clock.now();
  auto& limiter = state.parts.limiter;
  if (context.rate_limit_rules != nullptr) {
    limiter.observe(context.limiter_key, read_rate_headers(answer.headers, *context.rate_limit_rules, now));
  }
  const auto verdict = judge_limit(answer.status, answer.headers, answer.body.view(), context.rate_limit_rules, now);
  if (!verdict.limited) {
    return false;
  }
  const bool again = may_retry();
  const auto guess =
      again ? std::chrono::ceil<milliseconds>(backoff(state.options.retry, retries + 1, state.parts.random))
            : state.options.default_limit_wait;
  const auto wait = verdict.wait.value_or(guess);
  limiter.block_until(context.limiter_key, now + wait);
  if (!again || wait > limiter.max_wait() || !state.budget.spend(context.limiter_key.provider)) {
    return limited(url, answer.status, std::max(wait, milliseconds{1}), answer.headers);
  }
  ++retries;
  log(LogLevel::info, "http request limited by the provider, waiting", url, answer.status,
      fmt::format("{} ms", wait.count()));
  return true;
}

Result<std::optional<Url>> Client::Call::redirect_target(const Url& url, const Response& answer) {
  const auto location = answer.headers.find("location");
  if (!is_redirect(answer.status) || !location) {
    return std::optional<Url>{};
  }
  auto target = url.resolve(*location);
  if (!target.ok()) {
    return failed(url, target.error().in("it redirected to a place that cannot be followed"));
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const bool keeps_method = answer.status == 307 || answer.status == 308;
  if (!reads && (!keeps_method || target->origin() != url.origin())) {
    return std::optional<Url>{};
  }
  if (const auto allowed = context.egress.check(*target); !allowed.ok()) {
    return failed(url, allowed.error().in("it redirected to a place that is not allowed"));
  }
  return std::optional(std::move(target).value());
}

void Client::Call::follow(const Url& from, const Url& to) {
  if (from.origin() == to.origin()) {
    return;
  }
  secrets.clear();
  for (const auto name : credential_headers) {
    headers.remove(name);
  }
}

Response Client::Call::finish(const Url& url, TransportResponse answer, std::size_t wire_bytes) const {
  Response out;
  out.status = answer.status;
  out.provider_request_id = provider_request_id(answer.headers);
  out.headers = std::move(answer.headers);
  out.body = std::move(answer.body);
  out.url = url.to_string();
  out.request_id = request_id;
  out.attempts = sent;
  out.wire_bytes = wire_bytes;
  return out;
}

std::string Client::Call::provider_request_id(const Headers& answer) const {
  constexpr std::size_t max_bytes = 128;
  const auto* const rules = context.rate_limit_rules;
  auto id = rules != nullptr ? answer.find(rules->request_id_header) : std::nullopt;
  if (!id) {
    id = answer.find(request_id_header);
  }
  return id && *id != request_id ? std::string(id->substr(0, max_bytes)) : std::string();
}

Error Client::Call::limited(const Url& url, int status, milliseconds wait, const Headers& answer) const {
  Error error = resource_exhausted(state.parts.redactor.redact(
      fmt::format("{} {} was limited by the provider (status {}): wait {:.0f} s. Request {}.", request.method,
                  url.to_display(), status, std::chrono::duration<double>(wait).count(), request_id)));
  error.retry = RetryClass::rate_limited;
  error.retry_after = wait;
  error.http_status = status;
  error.provider_request_id = provider_request_id(answer);
  log(LogLevel::warning, "http request limited by the provider", url, status, fmt::format("wait {} ms", wait.count()));
  return error;
}

Error Client::Call::failed(const Url& url, Error error) const {
  if (error.code == ErrorCode::cancelled || error.retry == RetryClass::rate_limited) {
    return error;
  }
  const auto where = fmt::format("{} {} failed after {} attempt{} (request {})", request.method, url.to_display(), sent,
                                 sent == 1 ? "" : "s", request_id);
  error.message = state.parts.redactor.redact(error.in(where).message);
  log(LogLevel::warning, "http request failed", url, error.http_status, error.message);
  return error;
}

void Client::Call::log(LogLevel level, std::string_view message, const Url& url, int status,
                       std::string_view detail) const {
  state.parts.logger.write(level, message,
                           {{"request_id", request_id},
                            {"tenant", context.identity.tenant},
                            {"provider", std::string_view(context.limiter_key.provider)},
                            {"connection", context.identity.connection},
                            {"object", context.identity.object},
                            {"job", context.identity.job},
                            {"method", std::string_view(request.method)},
                            // Queries may name people; whoever debugs paging needs them.
                            {"url", level == LogLevel::debug ? url.to_string() : url.to_display()},
                            {"status", status},
                            {"attempt", sent},
                            {"detail", detail}});
}

Client::Client(Parts parts, ClientOptions options) : state_(std::make_unique<State>(parts, std::move(options))) {}
Client::~Client() = default;

Result<Response> Client::send(const Request& request, const CallContext& context) {
  Call call(*state_, request, context);
  auto response = call.run();
  if (context.sent != nullptr) {
    *context.sent = call.requests_sent();
  }
  return response;
}

PageBufferPool& Client::buffers() noexcept { return state_->buffers; }

} // namespace dovetail::http
