// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/simulator.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "tests/simulators/github/control.hpp"
#include "tests/simulators/gzip.hpp"
#include "tests/simulators/seeded.hpp"

namespace dovetail::simulators::github {
namespace {

constexpr std::string_view json_type = "application/json; charset=utf-8";
constexpr std::string_view html_type = "text/html; charset=utf-8";
constexpr std::size_t most_undescribed = 1000;
constexpr std::size_t least_gzip_bytes = 512;
constexpr std::string_view secondary_message =
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";

Answer text_answer(int status, std::string_view type, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers.push_back({"Content-Type", std::string(type)});
  answer.body = std::make_shared<const std::string>(std::move(body));
  return answer;
}

Answer error_answer(int status, std::string_view message) {
  return text_answer(status, json_type, error_body(status, message));
}

std::int64_t unix_seconds(Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// If-None-Match uses the weak comparison (RFC 9110, 13.1.2): W/ does not count.
bool matches_tag(std::string_view condition, std::string_view etag) {
  if (condition == "*") {
    return true;
  }
  const auto opaque = [](std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; };
  const std::string_view wanted = opaque(etag);
  for (std::size_t at = condition.find(wanted); at != std::string_view::npos; at = condition.find(wanted, at + 1)) {
    const std::size_t after = at + wanted.size();
    if (after == condition.size() || condition[after] == ',' || condition[after] == ' ') {
      return true;
    }
  }
  return false;
}

} // namespace

/// One request on its way through the simulator.
struct GithubSimulator::Call {
  const SimRequest& request;
  Target target;
  Route route;
  std::string base;
  ApiVersion version = ApiVersion::v2022_11_28;
  std::optional<Faults::Fault> fault;
  const Token* token = nullptr;
  std::string_view token_text;
  std::optional<Limits::Verdict> verdict;
  bool counted = false;
  std::size_t compressed_from = 0; ///< bytes; 0: not compressed
};

GithubSimulator::GithubSimulator(SimulatorOptions options, Clock& clock)
    : options_(std::move(options)), clock_(clock), world_(options_.world), limits_(options_.limits),
      faults_(options_.faults) {
  for (const TokenOptions& wish : options_.tokens) {
    Token token;
    for (std::uint32_t o = 0; o < world_.organisation_count(); ++o) {
      const std::string& login = options_.world.organisations[o].login;
      if (wish.organisations.empty() ||
          std::any_of(wish.organisations.begin(), wish.organisations.end(),
                      [&](const std::string& name) { return equal_ignoring_case(name, login); })) {
        token.viewer.organisations.push_back(o);
      }
    }
    const std::uint32_t home = token.viewer.organisations.empty() ? 0 : token.viewer.organisations.front();
    token.viewer.account = world_.find_user(wish.login).value_or(UserRef{home, 0});
    token.account = std::to_string(world_.user(token.viewer.account).id);
    tokens_.insert_or_assign(wish.token, std::move(token));
  }
}

GithubSimulator::~GithubSimulator() = default;

Answer GithubSimulator::handle(const SimRequest& request) {
  if (options_.control && request.target.starts_with(control_prefix)) {
    return handle_control(*this, request);
  }
  Call call{request, {}, {}, {}, {}, {}, nullptr, {}, {}, false};
  std::string_view path = request.target;
  const bool inside = path.starts_with(options_.path_prefix);
  if (inside) {
    path.remove_prefix(options_.path_prefix.size());
  }
  call.target = parse_target(path);
  if (inside) {
    call.route = route_of(request.method, call.target);
  }
  call.base = options_.api_base;
  if (call.base.empty()) {
    call.base = fmt::format("http://{}", request.header("Host").value_or("api.github.com"));
  }
  call.base += options_.path_prefix;
  call.fault = faults_.next(request.target);
  Answer result = answer(call);
  add_common_headers(call, result);
  record(call, result);
  return result;
}

Answer GithubSimulator::answer(Call& call) {
  if (std::optional<Answer> failed = fail_instead(call)) {
    return std::move(*failed);
  }
  if (std::optional<Answer> refused = refuse_before_routing(call)) {
    return std::move(*refused);
  }
  if (std::optional<Answer> refused = refuse_by_limit(call)) {
    return std::move(*refused);
  }
  if (call.route.endpoint == Endpoint::rate_limit) {
    return rate_limit_answer(call);
  }
  if (call.fault && call.fault->kind == FaultKind::data_moves) {
    move_data(call);
  }
  Answer result = from_page(call, page_for(call));
  if (call.fault && spoils(call.fault->kind)) {
    if (result.status == 200) {
      spoil(*call.fault, faults_.plan(), result);
    } else {
      call.fault.reset();
    }
  }
  return result;
}

std::optional<Answer> GithubSimulator::refuse_before_routing(Call& call) {
  const SimRequest& request = call.request;
  if (request.header("User-Agent").value_or("").empty()) {
    return text_answer(
        403, html_type,
        "\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header.\r\n");
  }
  const std::string_view version = request.header("X-GitHub-Api-Version").value_or("2022-11-28");
  if (version == "2026-03-10") {
    call.version = ApiVersion::v2026_03_10;
  } else if (version != "2022-11-28") {
    return error_answer(400, fmt::format("\"{}\" is not a supported version of the REST API.", version));
  }
  const std::string_view authorization = request.header("Authorization").value_or("");
  if (authorization.empty()) {
    return error_answer(401, "Requires authentication");
  }
  const std::size_t space = authorization.find(' ');
  const std::string_view scheme = authorization.substr(0, space);
  if (space != std::string_view::npos &&
      (equal_ignoring_case(scheme, "bearer") || equal_ignoring_case(scheme, "token"))) {
    const auto found = tokens_.find(std::string(authorization.substr(space + 1)));
    if (found != tokens_.end()) {
      call.token = &found->second;
      call.token_text = found->first;
      return std::nullopt;
    }
  }
  return error_answer(401, "Bad credentials");
}

std::optional<Answer> GithubSimulator::refuse_by_limit(Call& call) {
  const bool free = call.route.endpoint == Endpoint::rate_limit;
  call.verdict = limits_.admit(call.token->account, clock_.now(), free);
  const LimitOptions limits = limits_.options();
  switch (call.verdict->outcome) {
  case Limits::Outcome::admitted:
    call.counted = !free;
    return std::nullopt;
  case Limits::Outcome::primary:
    return error_answer(limits.refusal_status,
                        fmt::format("API rate limit exceeded for user ID {}.", call.token->account));
  case Limits::Outcome::points:
  case Limits::Outcome::concurrent:
    break;
  }
  Answer refusal = error_answer(limits.refusal_status, secondary_message);
  if (limits.secondary_retry_after) {
    refusal.headers.push_back({"Retry-After", std::to_string(call.verdict->retry_after)});
  }
  return refusal;
}

std::optional<Answer> GithubSimulator::fail_instead(Call& call) {
  if (!call.fault || spoils(call.fault->kind) || call.fault->kind == FaultKind::data_moves) {
    return std::nullopt;
  }
  const auto with = [](Answer answer, std::string_view name, std::string value) {
    answer.headers.push_back({std::string(name), std::move(value)});
    return answer;
  };
  const std::chrono::seconds wait = call.fault->retry_after;
  switch (call.fault->kind) {
  case FaultKind::rate_limit_seconds:
    return with(error_answer(429, secondary_message), "Retry-After", std::to_string(wait.count()));
  case FaultKind::rate_limit_date:
    // An HTTP-date has whole seconds: rounded up, so that waiting until then is never too short.
    return with(error_answer(429, secondary_message), "Retry-After",
                format_http_date(std::chrono::ceil<std::chrono::seconds>(clock_.now()) + wait));
  case FaultKind::primary_limit: {
    Answer refusal = error_answer(403, "API rate limit exceeded.");
    refusal = with(std::move(refusal), "X-RateLimit-Limit", std::to_string(limits_.options().primary));
    refusal = with(std::move(refusal), "X-RateLimit-Remaining", "0");
    return with(std::move(refusal), "X-RateLimit-Reset", std::to_string(unix_seconds(clock_.now()) + 1 + wait.count()));
  }
  case FaultKind::secondary_limit:
    return with(error_answer(403, secondary_message), "Retry-After", std::to_string(wait.count()));
  case FaultKind::secondary_limit_bare:
    return error_answer(403, secondary_message);
  case FaultKind::forbidden:
    return error_answer(403, "Resource not accessible by personal access token");
  case FaultKind::server_error:
    return error_answer(500, "Server Error");
  default:
    return failed_answer(call.fault->kind, call.target.path);
  }
}

void GithubSimulator::move_data(Call& call) {
  MutationCounts counts;
  counts.advance = std::chrono::seconds{1};
  counts.new_pulls = 1;
  counts.updated_pulls = 2;
  counts.new_commits = 1;
  const std::unique_lock lock(world_mutex_);
  const Route& route = call.route;
  if (route.repository_id != 0) {
    counts.repository = world_.find_repository(route.repository_id);
  } else if (const auto found = world_.find_repository(route.owner, route.repository)) {
    counts.repository = found->ref;
  }
  if (counts.repository) {
    world_.mutate(call.fault->key, counts);
  }
}

std::shared_ptr<GithubSimulator::Page> GithubSimulator::page_for(Call& call) {
  const std::shared_lock world_lock(world_mutex_);
  const std::string key =
      fmt::format("{} {} {} {}", call.token_text, static_cast<int>(call.version), call.base, call.request.target);
  {
    const std::lock_guard lock(pages_mutex_);
    const auto found = pages_.find(key);
    if (found != pages_.end() && found->second->version == world_.version()) {
      return found->second;
    }
  }
  Content content =
      answer_route(world_, call.token->viewer, call.version, call.route, call.target, call.base, options_.largest_page);
  auto page = std::make_shared<Page>();
  page->status = content.status;
  page->etag = fmt::format("W/\"{}\"", hex_text(hash_text(content.body), 64));
  page->link = std::move(content.link);
  page->location = std::move(content.location);
  page->version = world_.version();
  page->size = content.body.size();
  content.body.shrink_to_fit();
  page->body = std::make_shared<const std::string>(std::move(content.body));
  const std::lock_guard lock(pages_mutex_);
  const std::size_t size = page->size + key.size();
  if (page_bytes_ + size > options_.cache_bytes) {
    pages_.clear();
    page_bytes_ = 0;
  }
  if (size <= options_.cache_bytes) {
    // A page that replaces its older self may be counted twice: the cache then empties somewhat early.
    page_bytes_ += size;
    pages_.insert_or_assign(key, page);
  }
  return page;
}

Answer GithubSimulator::from_page(Call& call, const std::shared_ptr<Page>& page) {
  Answer result;
  result.status = page->status;
  if (call.verdict) {
    result.in_flight = call.verdict->running;
  }
  const bool unchanged =
      page->status == 200 && matches_tag(call.request.header("If-None-Match").value_or(""), page->etag);
  if (page->status == 200) {
    result.headers.push_back({"ETag", page->etag});
    result.headers.push_back({"Cache-Control", "private, max-age=60, s-maxage=60"});
    result.headers.push_back(
        {"Vary", "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With"});
  }
  if (!page->link.empty() && (!unchanged || options_.link_on_not_modified)) {
    result.headers.push_back({"Link", page->link});
  }
  if (!page->location.empty()) {
    result.headers.push_back({"Location", page->location});
  }
  if (unchanged) {
    result.status = 304;
    limits_.give_back(call.token->account, *call.verdict);
    call.counted = false;
    return result;
  }
  result.headers.push_back({"Content-Type", std::string(json_type)});
  add_body(call, *page, result);
  return result;
}

void GithubSimulator::add_body(Call& call, Page& page, Answer& answer) {
  const bool must_be_plain =
      call.fault && (call.fault->kind == FaultKind::oversized_body || call.fault->kind == FaultKind::invalid_json);
  const bool accepts = call.request.header("Accept-Encoding").value_or("").find("gzip") != std::string_view::npos;
  std::shared_ptr<const std::string> plain;
  std::shared_ptr<const std::string> compressed;
  {
    const std::lock_guard lock(pages_mutex_);
    plain = page.body;
    compressed = page.compressed;
  }
  if (!options_.gzip || must_be_plain || !accepts || page.size < least_gzip_bytes) {
    answer.body = plain ? plain : std::make_shared<const std::string>(gunzip(*compressed, page.size));
    return;
  }
  if (!compressed) {
    compressed = std::make_shared<const std::string>(gzip(*plain));
    const std::lock_guard lock(pages_mutex_);
    if (!page.compressed) {
      page.compressed = compressed;
      page.body = nullptr;
      page_bytes_ += compressed->size();
      page_bytes_ -= std::min(page_bytes_, page.size);
    }
  }
  answer.headers.push_back({"Content-Encoding", "gzip"});
  answer.body = std::move(compressed);
  call.compressed_from = page.size;
}

Answer GithubSimulator::rate_limit_answer(Call& call) {
  const Limits::Verdict& verdict = *call.verdict;
  JsonText out;
  const auto bucket = [&](std::string_view name) {
    out.name(name).begin_object().member("limit", verdict.limit).member("used", verdict.used);
    out.member("remaining", verdict.remaining).member("reset", verdict.reset).end_object();
  };
  if (verdict.limit == 0) {
    return error_answer(404, "Rate limiting is not enabled.");
  }
  out.begin_object().name("resources").begin_object();
  bucket("core");
  bucket("search");
  bucket("graphql");
  out.end_object();
  if (call.version == ApiVersion::v2022_11_28) {
    bucket("rate");
  }
  Answer result = text_answer(200, json_type, out.end_object().take());
  result.in_flight = verdict.running;
  return result;
}

void GithubSimulator::add_common_headers(Call& call, Answer& answer) {
  const auto add = [&](std::string_view name, std::string value) {
    answer.headers.push_back({std::string(name), std::move(value)});
  };
  add("Server", "github.com");
  add("X-GitHub-Request-Id", fmt::format("5173:{:08X}", ++serial_));
  add("X-GitHub-Media-Type", "github.v3; format=json");
  add("X-GitHub-Api-Version-Selected", call.version == ApiVersion::v2022_11_28 ? "2022-11-28" : "2026-03-10");
  if (call.token != nullptr) {
    add("X-OAuth-Scopes", "read:org, repo");
  }
  if (call.verdict && call.verdict->limit > 0) {
    add("X-RateLimit-Limit", std::to_string(call.verdict->limit));
    add("X-RateLimit-Remaining", std::to_string(call.verdict->remaining));
    add("X-RateLimit-Used", std::to_string(call.verdict->used));
    add("X-RateLimit-Reset", std::to_string(call.verdict->reset));
    add("X-RateLimit-Resource", "core");
  }
}

void GithubSimulator::record(const Call& call, const Answer& answer) {
  const std::lock_guard lock(statistics_mutex_);
  const bool sent = answer.delivery.kind != DeliveryKind::reset_before_headers;
  ++statistics_.requests[static_cast<std::size_t>(call.route.endpoint)][sent ? answer.status : 0];
  statistics_.body_bytes += answer.content().size();
  statistics_.plain_bytes += call.compressed_from > 0 ? call.compressed_from : answer.content().size();
  statistics_.counted += call.counted ? 1 : 0;
  if (call.fault) {
    ++statistics_.faults[static_cast<std::size_t>(call.fault->kind)];
  }
  if (call.route.endpoint == Endpoint::undescribed && statistics_.undescribed.size() < most_undescribed) {
    statistics_.undescribed.push_back(call.request.method + " " + call.request.target);
  }
}

MutationCounts GithubSimulator::mutate(std::uint64_t seed, const MutationCounts& counts) {
  const std::unique_lock lock(world_mutex_);
  return world_.mutate(seed, counts);
}

Statistics GithubSimulator::statistics() const {
  const std::lock_guard lock(statistics_mutex_);
  return statistics_;
}

void GithubSimulator::reset_statistics() {
  const std::lock_guard lock(statistics_mutex_);
  statistics_ = Statistics{};
}

} // namespace dovetail::simulators::github
