// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/oauth_endpoint.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/json/document.hpp"
#include "core/vault/encoding.hpp"
#include "tests/simulators/json_text.hpp"
#include "tests/simulators/seeded.hpp"

namespace dovetail::simulators {
namespace {

constexpr std::size_t max_kept_requests = 1000;
constexpr std::size_t max_body_bytes = 64U << 10U;

std::map<std::string, std::string, std::less<>> read_form(std::string_view body) {
  std::map<std::string, std::string, std::less<>> fields;
  const Target parsed = parse_target("/?" + std::string(body));
  for (const auto& [name, value] : parsed.query) {
    fields.emplace(name, value);
  }
  return fields;
}

Answer json_answer(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  answer.body = std::make_shared<const std::string>(std::move(body));
  return answer;
}

std::string_view path_of(const SimRequest& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

} // namespace

OAuthEndpoint::OAuthEndpoint(Clock& clock, OAuthEndpointOptions options)
    : clock_(clock), options_(std::move(options)) {}

bool OAuthEndpoint::serves(const SimRequest& request) const {
  const std::lock_guard lock(mutex_);
  return path_of(request) == options_.token_path || path_of(request) == options_.revoke_path;
}

Answer OAuthEndpoint::handle(const SimRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.method != "POST") {
    return json_answer(405, R"({"error":"invalid_request","error_description":"POST only"})");
  }
  if (path_of(request) == options_.revoke_path) {
    return answer_revocation(request);
  }
  if (path_of(request) != options_.token_path) {
    return json_answer(404, R"({"error":"not_found"})");
  }
  ++counts_.calls;
  if (requests_.size() == max_kept_requests) {
    requests_.erase(requests_.begin());
  }
  requests_.push_back(request);
  Delivery delivery;
  if (!faults_.empty()) {
    const Fault fault = std::move(faults_.back());
    faults_.pop_back();
    ++counts_.failed;
    if (fault.status != 0) {
      Answer answer;
      answer.status = fault.status;
      answer.headers = fault.headers;
      answer.body = std::make_shared<const std::string>(fault.body);
      answer.delivery = fault.delivery;
      return answer;
    }
    delivery = fault.delivery;
  }
  Answer answer = answer_token(request);
  answer.delivery = delivery;
  return answer;
}

Answer OAuthEndpoint::answer_token(const SimRequest& request) {
  const auto fields = read(request);
  if (!fields) {
    return refuse(400, "invalid_request", "the body is not of the form that this endpoint reads");
  }
  if (client_revoked_ || !is_our_client(request, *fields)) {
    return refuse(401, "invalid_client", "no such app, or another secret");
  }
  const auto grant = fields->find("grant_type");
  if (grant == fields->end()) {
    return refuse(400, "invalid_request", "grant_type is missing");
  }
  if (grant->second == "refresh_token") {
    return refresh(*fields);
  }
  if (grant->second == "client_credentials" && options_.allows_client_credentials) {
    ++counts_.granted;
    return give({.access_token = make_access(++made_), .refresh_token = {}});
  }
  return refuse(400, "unsupported_grant_type", "this endpoint does not know the grant " + grant->second);
}

Answer OAuthEndpoint::refresh(const Fields& fields) {
  const auto sent = fields.find("refresh_token");
  if (sent == fields.end() || sent->second.empty()) {
    return refuse(400, "invalid_request", "refresh_token is missing");
  }
  const auto known = refresh_.find(sent->second);
  if (known == refresh_.end()) {
    return refuse(400, "invalid_grant", "this refresh token is not known");
  }
  const std::uint64_t sign_in = known->second.sign_in;
  if (known->second.ended) {
    ++counts_.reused;
    if (options_.reuse_ends_all) {
      end_sign_in(sign_in, false);
    }
    return refuse(400, "invalid_grant", "this refresh token was used or revoked");
  }
  if (options_.refresh_ends_access) {
    end_sign_in(sign_in, true);
  }
  Tokens tokens{.access_token = make_access(sign_in), .refresh_token = {}};
  if (options_.rotates) {
    known->second.ended = true;
    tokens.refresh_token = make_refresh(sign_in);
  }
  ++counts_.refreshed;
  return give(tokens);
}

Answer OAuthEndpoint::answer_revocation(const SimRequest& request) {
  ++counts_.revoked;
  const auto fields = read(request);
  if (!fields || client_revoked_ || !is_our_client(request, *fields)) {
    return refuse(401, "invalid_client", "no such app, or another secret");
  }
  const auto token = fields->find("token");
  if (token == fields->end()) {
    return refuse(400, "invalid_request", "token is missing");
  }
  if (const auto refresh = refresh_.find(token->second); refresh != refresh_.end()) {
    end_sign_in(refresh->second.sign_in, false);
  } else if (const auto access = access_.find(token->second); access != access_.end()) {
    access->second.ended = true;
  }
  // RFC 7009 section 2.2: a token that is not known is no error.
  return json_answer(200, "{}");
}

Answer OAuthEndpoint::refuse(int status, std::string_view error, std::string_view description) {
  ++counts_.refused;
  JsonText json;
  json.begin_object().member("error", error).member("error_description", description).end_object();
  return json_answer(status, json.take());
}

Answer OAuthEndpoint::give(const Tokens& tokens) const {
  JsonText json;
  json.begin_object().member("access_token", tokens.access_token).member("token_type", "Bearer");
  if (options_.tells_life) {
    json.member("expires_in", options_.access_life.count());
  }
  if (!tokens.refresh_token.empty()) {
    json.member("refresh_token", tokens.refresh_token);
  }
  for (const auto& [name, value] : options_.extra_members) {
    json.name(name).raw(value);
  }
  json.end_object();
  return json_answer(200, json.take());
}

std::optional<OAuthEndpoint::Fields> OAuthEndpoint::read(const SimRequest& request) const {
  using Form = OAuthEndpointOptions::Form;
  const std::string type = lower_case(request.header("Content-Type").value_or(""));
  if (request.body.size() > max_body_bytes) {
    return std::nullopt;
  }
  if (type.starts_with("application/x-www-form-urlencoded") && options_.form != Form::json) {
    return read_form(request.body);
  }
  if (type.starts_with("application/json") && options_.form != Form::form) {
    const auto document = json::Document::parse(request.body);
    if (!document.ok() || !document->root().is_object()) {
      return std::nullopt;
    }
    Fields fields;
    for (const auto [name, value] : document->root().members()) {
      fields.emplace(name, value.as_string().value_or(""));
    }
    return fields;
  }
  return std::nullopt;
}

bool OAuthEndpoint::is_our_client(const SimRequest& request, const Fields& fields) const {
  using ClientAuth = OAuthEndpointOptions::ClientAuth;
  constexpr std::string_view basic = "Basic ";
  const auto header = request.header("Authorization");
  if (header && header->starts_with(basic) && options_.client_auth != ClientAuth::body) {
    const auto pair = vault::base64_decode(header->substr(basic.size()));
    const auto colon = pair ? pair->find(':') : std::string::npos;
    // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
    return colon != std::string::npos && percent_decode(pair->substr(0, colon), true) == options_.client_id &&
           percent_decode(pair->substr(colon + 1), true) == options_.client_secret;
  }
  if (options_.client_auth == ClientAuth::basic) {
    return false;
  }
  const auto value = [&fields](std::string_view name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
  };
  return value("client_id") == options_.client_id && value("client_secret") == options_.client_secret;
}

std::string OAuthEndpoint::make_access(std::uint64_t sign_in) {
  const std::uint64_t key = key_of(options_.seed, 1, ++made_);
  const Timestamp until = clock_.now() + options_.access_life;
  std::string token = "at-" + hex_text(key, 40);
  if (options_.jwt) {
    using std::chrono::seconds;
    const auto part = [](std::string_view text) { return vault::base64_encode(text, vault::Base64Form::url_unpadded); };
    const auto instant = [](Timestamp time) { return std::chrono::floor<seconds>(time.time_since_epoch()).count(); };
    token = fmt::format("{}.{}.{}", part(R"({"alg":"none","typ":"JWT"})"),
                        part(fmt::format(R"({{"iat":{},"exp":{},"jti":"{}"}})", instant(clock_.now()), instant(until),
                                         hex_text(key, 40))),
                        part(hex_text(mix(key), 32)));
  }
  access_[token] = {.sign_in = sign_in, .until = until, .ended = false};
  return token;
}

std::string OAuthEndpoint::make_refresh(std::uint64_t sign_in) {
  std::string token = "rt-" + hex_text(key_of(options_.seed, 2, ++made_), 40);
  refresh_[token] = {.sign_in = sign_in, .ended = false};
  return token;
}

void OAuthEndpoint::end_sign_in(std::uint64_t sign_in, bool access_only) {
  for (auto& [token, access] : access_) {
    access.ended = access.ended || access.sign_in == sign_in;
  }
  for (auto& [token, refresh] : refresh_) {
    refresh.ended = refresh.ended || (!access_only && refresh.sign_in == sign_in);
  }
}

OAuthEndpoint::Tokens OAuthEndpoint::sign_in() {
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = ++made_;
  return {.access_token = make_access(number), .refresh_token = make_refresh(number)};
}

OAuthEndpoint::TokenState OAuthEndpoint::check(std::string_view access_token) const {
  const std::lock_guard lock(mutex_);
  const auto found = access_.find(access_token);
  if (found == access_.end()) {
    return TokenState::unknown;
  }
  if (found->second.ended) {
    return TokenState::ended;
  }
  return clock_.now() < found->second.until ? TokenState::valid : TokenState::expired;
}

OAuthEndpoint::TokenState OAuthEndpoint::check(const SimRequest& request) const {
  constexpr std::string_view bearer = "Bearer ";
  std::string_view token = request.header("Authorization").value_or("");
  token.remove_prefix(token.starts_with(bearer) ? bearer.size() : 0);
  return check(token);
}

void OAuthEndpoint::end_access_tokens() {
  const std::lock_guard lock(mutex_);
  for (auto& [token, access] : access_) {
    access.ended = true;
  }
}

void OAuthEndpoint::revoke_all() {
  const std::lock_guard lock(mutex_);
  for (auto& [token, access] : access_) {
    access.ended = true;
  }
  for (auto& [token, refresh] : refresh_) {
    refresh.ended = true;
  }
}

void OAuthEndpoint::revoke_client() {
  const std::lock_guard lock(mutex_);
  client_revoked_ = true;
}

void OAuthEndpoint::fail_next(int times, Fault fault) {
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < times; ++i) {
    faults_.insert(faults_.begin(), fault);
  }
}

void OAuthEndpoint::change(const std::function<void(OAuthEndpointOptions&)>& edit) {
  const std::lock_guard lock(mutex_);
  edit(options_);
}

OAuthEndpoint::Counts OAuthEndpoint::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<SimRequest> OAuthEndpoint::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

} // namespace dovetail::simulators
