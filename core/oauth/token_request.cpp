// SPDX-License-Identifier: Apache-2.0
#include "core/oauth/token_request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/http/url.hpp"
#include "core/json/check.hpp"
#include "core/json/scan.hpp"
#include "core/json/writer.hpp"
#include "core/vault/encoding.hpp"

namespace dovetail::oauth {
namespace {

constexpr std::size_t body_frame_bytes = 4096;
constexpr std::size_t max_base_url_bytes = 2048;
constexpr std::size_t max_code_bytes = 100;
constexpr std::chrono::seconds max_life = std::chrono::hours(24 * 366 * 10);

// RFC 6749 sections 5.2 and 4.1.2.1, RFC 6750 section 3.1.
constexpr auto reauth_codes = std::to_array<std::string_view>(
    {"invalid_grant", "invalid_client", "unauthorized_client", "access_denied", "invalid_token"});

/// A request's body, in memory that never moves and is wiped at the end.
class Body {
public:
  Body(bool json, std::size_t secret_bytes) : json_(json) {
    // Percent-encoding makes three bytes of one, JSON up to six.
    text_.reserve(body_frame_bytes + 6 * secret_bytes);
  }
  ~Body() { wipe(text_.data(), text_.size()); }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;
  Body(Body&&) = delete;
  Body& operator=(Body&&) = delete;

  void add(std::string_view name, std::string_view value) {
    text_ += text_.empty() ? (json_ ? "{" : "") : (json_ ? "," : "&");
    if (json_) {
      json::append_quoted(text_, name);
      text_ += ':';
      json::append_quoted(text_, value);
      return;
    }
    text_ += name;
    text_ += '=';
    std::string encoded = http::percent_encode(value);
    text_ += encoded;
    wipe(encoded.data(), encoded.size());
  }
  [[nodiscard]] const std::string& finish() {
    text_ += json_ ? "}" : "";
    return text_;
  }

private:
  bool json_;
  std::string text_;
};

/// RFC 6749 section 2.3.1: both are form-encoded before they are joined.
Secret basic_credentials(const ClientIdentity& identity) {
  std::string pair = http::percent_encode(identity.id.reveal()) + ":" + http::percent_encode(identity.secret.reveal());
  std::string value = "Basic " + vault::base64_encode(pair);
  wipe(pair.data(), pair.size());
  return Secret(std::move(value));
}

bool is_token_text(const Secret& token) {
  const auto text = token.reveal();
  return text.size() <= max_token_bytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

/// What an error code may look like to be repeated in a message: RFC 6749 allows more, but nothing that is a code needs it.
std::string readable_code(const Secret& code) {
  const auto text = code.reveal();
  const bool plain =
      !text.empty() && text.size() <= max_code_bytes && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
      });
  return plain ? std::string(text) : std::string();
}

/// Seconds, as a number or as a text with one; nullopt when there is nothing of use.
std::optional<std::chrono::seconds> read_life(std::string_view text) {
  const auto found = json::find_at(text, "/expires_in");
  if (!found.ok()) {
    return std::nullopt;
  }
  double seconds = 0;
  if (found->kind == json::Kind::integer || found->kind == json::Kind::real) {
    seconds = found->real;
  } else if (found->kind == json::Kind::string && found->raw.size() > 2) {
    const auto digits = found->raw.substr(1, found->raw.size() - 2);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    seconds = parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size() ? seconds : 0;
  }
  if (!(seconds >= 1)) {
    return std::nullopt;
  }
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, static_cast<double>(max_life.count()))));
}

class TokenCall {
public:
  TokenCall(http::Client& client, Redactor& redactor, Clock& clock, const Account& account)
      : client_(client), redactor_(redactor), clock_(clock), account_(account) {}

  TokenAnswer run(const ClientIdentity& identity, const Secret& refresh_token) {
    redactor_.remember(identity.secret);
    redactor_.remember(refresh_token);
    auto response = send(identity, refresh_token);
    if (!response.ok()) {
      return failed(std::move(response).error());
    }
    TokenAnswer answer = read(*response);
    // The memory goes back to the pool that pages come from.
    if (char* const bytes = response->body.mutable_data(); bytes != nullptr) {
      wipe(bytes, response->body.size());
    }
    return answer;
  }

private:
  Result<http::Response> send(const ClientIdentity& identity, const Secret& refresh_token) {
    const auto& oauth = account_.oauth();
    Body body(oauth.token_request_json, identity.id.size() + identity.secret.size() + refresh_token.size());
    http::Request request;
    if (refresh_token.empty()) {
      body.add("grant_type", "client_credentials");
      if (!oauth.scopes.empty()) {
        body.add("scope", fmt::format("{}", fmt::join(oauth.scopes, oauth.scope_separator)));
      }
    } else {
      body.add("grant_type", "refresh_token");
      body.add("refresh_token", refresh_token.reveal());
    }
    if (oauth.client_secret_basic) {
      Secret credentials = basic_credentials(identity);
      redactor_.remember(credentials);
      request.secret_headers.push_back({.name = "Authorization", .value = std::move(credentials)});
    } else {
      body.add("client_id", identity.id.reveal());
      if (!identity.secret.empty()) {
        body.add("client_secret", identity.secret.reveal());
      }
    }
    request.method = "POST";
    request.url = account_.token_url;
    DOVETAIL_TRY_STATUS(request.headers.add("Accept", "application/json"));
    DOVETAIL_TRY_STATUS(request.headers.add(
        "Content-Type", oauth.token_request_json ? "application/json" : "application/x-www-form-urlencoded"));
    request.safe_to_repeat = refresh_token.empty();
    request.body = body.finish();
    auto response = send(request);
    wipe(request.body.data(), request.body.size());
    return response;
  }

  Result<http::Response> send(const http::Request& request) {
    DOVETAIL_TRY(const auto url, http::Url::parse(account_.token_url));
    http::EgressPolicy egress = account_.egress;
    egress.allowed = {url.origin()};
    http::CallContext context{
        .egress = egress,
        // The API's limits are not the token endpoint's.
        .limiter_key = {.provider = account_.provider->provider_key + ".oauth",
                        .tenant = account_.tenant,
                        .connection = account_.connection},
        .cancellation = {.stop = {}, .deadline = clock_.monotonic_now() + token_call_limit},
        .rate_limit_rules = nullptr,
        .identity = {.tenant = account_.tenant_name,
                     .connection = account_.connection_name,
                     .object = "oauth",
                     .job = 0},
        .timeouts = {},
        .bounds = {.max_body_bytes = max_token_answer_bytes, .max_compressed_bytes = max_token_answer_bytes},
        .request_id = {}};
    context.timeouts.total = token_call_limit;
    return client_.send(request, context);
  }

  TokenAnswer read(const http::Response& response) {
    const auto text = response.body.view();
    const bool json = json::check(text).ok();
    if (json) {
      if (auto tokens = read_tokens(text);
          tokens.ok() && response.status >= 200 && response.status < 300 && !tokens->access_token.empty()) {
        return accept(std::move(*tokens));
      }
    }
    const auto stated = json ? secret_member(text, "/error") : Result<Secret>(Secret());
    return judge(response, stated.ok() ? readable_code(*stated) : std::string());
  }

  /// Everything of the answer that is of use; the secrets among it are known to the redactor afterwards.
  Result<TokenSet> read_tokens(std::string_view text) {
    TokenSet tokens;
    for (const std::string_view other : {"/id_token", "/access_token", "/refresh_token"}) {
      DOVETAIL_TRY(const Secret secret, secret_member(text, other));
      redactor_.remember(secret);
    }
    DOVETAIL_TRY(tokens.access_token, secret_member(text, "/access_token"));
    DOVETAIL_TRY(tokens.refresh_token, secret_member(text, "/refresh_token"));
    const auto& oauth = account_.oauth();
    if (!oauth.base_url_pointer.empty()) {
      DOVETAIL_TRY(const Secret base_url, secret_member(text, oauth.base_url_pointer));
      tokens.base_url = std::string(base_url.reveal().substr(0, max_base_url_bytes));
    }
    const Timestamp now = clock_.now();
    tokens.obtained_at = now;
    if (oauth.expiry == manifest::TokenExpiry::jwt_exp) {
      tokens.expires_at = jwt_expiry(tokens.access_token.reveal());
    }
    const auto otherwise = oauth.fallback_life.count() > 0 ? std::optional(oauth.fallback_life) : std::nullopt;
    if (const auto life = read_life(text); !tokens.expires_at && (life || otherwise)) {
      tokens.expires_at = now + (life ? *life : *otherwise);
    }
    return tokens;
  }

  TokenAnswer accept(TokenSet tokens) {
    if (!is_token_text(tokens.access_token) || !is_token_text(tokens.refresh_token)) {
      return failed(data_loss(fmt::format("the answer holds a token of more than {} bytes or with characters that no "
                                          "token has",
                                          max_token_bytes)));
    }
    return {.kind = TokenAnswer::Kind::tokens, .tokens = std::move(tokens), .error = {}};
  }

  TokenAnswer judge(const http::Response& response, const std::string& code) {
    const int status = response.status;
    const auto& more = account_.oauth().reauth_errors;
    const bool known = std::find(reauth_codes.begin(), reauth_codes.end(), code) != reauth_codes.end() ||
                       std::find(more.begin(), more.end(), code) != more.end();
    // A provider may throw back what it was sent.
    const std::string what =
        redactor_.redact(code.empty() ? fmt::format("status {}", status) : fmt::format("{} (status {})", code, status));
    Error error;
    TokenAnswer answer;
    // A server that fails does not judge tokens, whatever its page says.
    if (status < 500 && (known || (status == 401 && code.empty()))) {
      answer.kind = TokenAnswer::Kind::refused;
      error = unauthenticated(what);
    } else if (status >= 500) {
      error = unavailable(what);
      error.retry = RetryClass::transient;
    } else if (status >= 200 && status < 300 && code.empty()) {
      error = data_loss("the answer is no JSON object with an access_token");
      error.retry = RetryClass::transient;
    } else {
      error = failed_precondition(what);
    }
    error.http_status = status;
    error.provider_request_id = response.provider_request_id;
    answer.error = std::move(error);
    return answer;
  }

  static TokenAnswer failed(Error error) {
    return {.kind = TokenAnswer::Kind::failed, .tokens = {}, .error = std::move(error)};
  }

  http::Client& client_;
  Redactor& redactor_;
  Clock& clock_;
  const Account& account_;
};

} // namespace

TokenAnswer ask_for_tokens(http::Client& client, Redactor& redactor, Clock& clock, const Account& account,
                           const ClientIdentity& identity, const Secret& refresh_token) {
  return TokenCall(client, redactor, clock, account).run(identity, refresh_token);
}

} // namespace dovetail::oauth
