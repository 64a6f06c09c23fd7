// SPDX-License-Identifier: Apache-2.0
#include "core/oauth/token_set.hpp"

#include <cstdint>

#include "core/base/time.hpp"
#include "core/json/check.hpp"
#include "core/json/scan.hpp"
#include "core/json/writer.hpp"
#include "core/vault/crypto.hpp"
#include "core/vault/encoding.hpp"

namespace dovetail::oauth {
namespace {

constexpr std::size_t max_jwt_bytes = 16U << 10U;
// Room for the names and instants around the texts.
constexpr std::size_t frame_bytes = 1024;
// The longest that one byte becomes in a JSON string.
constexpr std::size_t escaped_bytes = 6;

/// Writes an object's members into memory that never moves, so that nothing of a secret stays behind in memory that was given back.
class SecretObject {
public:
  explicit SecretObject(std::size_t room) {
    text_.reserve(room);
    text_ = "{\"version\":1";
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) {
      text_ += ",\"" + std::string(name) + "\":";
      json::append_quoted(text_, value);
    }
  }
  void instant(std::string_view name, const std::optional<Timestamp>& time) {
    if (time) {
      text(name, format_iso8601(*time));
    }
  }
  [[nodiscard]] Secret take() && {
    text_ += '}';
    return Secret(std::move(text_));
  }

private:
  std::string text_;
};

Error not_a_set() {
  return data_loss("The stored tokens of the connection cannot be read: give the connection new ones with `dovetail "
                   "connection add --replace`.");
}

Result<std::string> plain_member(std::string_view text, std::string_view pointer) {
  DOVETAIL_TRY(const Secret value, secret_member(text, pointer));
  return std::string(value.reveal());
}

Result<std::optional<Timestamp>> instant_member(std::string_view text, std::string_view pointer) {
  DOVETAIL_TRY(const std::string value, plain_member(text, pointer));
  if (value.empty()) {
    return std::optional<Timestamp>();
  }
  const auto instant = parse_iso8601(value);
  return instant ? Result<std::optional<Timestamp>>(instant) : not_a_set();
}

Result<TokenSet> read_set(std::string_view text) {
  TokenSet tokens;
  DOVETAIL_TRY(tokens.access_token, secret_member(text, "/access_token"));
  DOVETAIL_TRY(tokens.refresh_token, secret_member(text, "/refresh_token"));
  DOVETAIL_TRY(tokens.expires_at, instant_member(text, "/expires_at"));
  DOVETAIL_TRY(tokens.obtained_at, instant_member(text, "/obtained_at"));
  DOVETAIL_TRY(tokens.base_url, plain_member(text, "/base_url"));
  DOVETAIL_TRY(tokens.seeds, plain_member(text, "/seeds"));
  DOVETAIL_TRY(tokens.failing_since, instant_member(text, "/failing_since"));
  DOVETAIL_TRY(std::string holder, plain_member(text, "/refreshing"));
  DOVETAIL_TRY(const auto since, instant_member(text, "/refreshing_since"));
  if (!holder.empty() && since) {
    tokens.refreshing = RefreshMark{.holder = std::move(holder), .since = *since};
  }
  return tokens;
}

} // namespace

std::string seeds_of(const Secret& access_token, const Secret& refresh_token) {
  vault::Sha256 hash;
  hash.update("dovetail/oauth/1/seeds:" + std::to_string(access_token.size()) + ":");
  hash.update(access_token.reveal());
  hash.update(refresh_token.reveal());
  return vault::hex_encode(vault::as_bytes(hash.finish()));
}

Secret to_secret(const TokenSet& tokens) {
  SecretObject object(frame_bytes + escaped_bytes * (tokens.access_token.size() + tokens.refresh_token.size() +
                                                     tokens.base_url.size()));
  object.text("access_token", tokens.access_token.reveal());
  object.text("refresh_token", tokens.refresh_token.reveal());
  object.instant("expires_at", tokens.expires_at);
  object.instant("obtained_at", tokens.obtained_at);
  object.text("base_url", tokens.base_url);
  object.text("seeds", tokens.seeds);
  object.instant("failing_since", tokens.failing_since);
  if (tokens.refreshing) {
    object.text("refreshing", tokens.refreshing->holder);
    object.instant("refreshing_since", tokens.refreshing->since);
  }
  return std::move(object).take();
}

Result<TokenSet> parse_token_set(const Secret& text) {
  if (!json::check(text.reveal()).ok()) {
    return not_a_set();
  }
  const auto version = json::find_at(text.reveal(), "/version");
  if (!version.ok() || version->kind != json::Kind::integer || version->integer != 1) {
    return not_a_set();
  }
  auto tokens = read_set(text.reveal());
  return tokens.ok() ? std::move(tokens) : not_a_set();
}

std::optional<Timestamp> jwt_expiry(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.size() > max_jwt_bytes) {
    return std::nullopt;
  }
  const auto payload =
      vault::base64_decode_secret(token.substr(first + 1, second - first - 1), vault::Base64Form::url_unpadded);
  if (!payload || !json::check(payload->reveal()).ok()) {
    return std::nullopt;
  }
  const auto exp = json::find_at(payload->reveal(), "/exp");
  // RFC 7519 section 2: a NumericDate may have a fraction. Bounded so that no arithmetic on it can overflow.
  constexpr double latest = 253'402'300'799; // the end of the year 9999
  if (!exp.ok() || (exp->kind != json::Kind::integer && exp->kind != json::Kind::real) || !(exp->real >= 0) ||
      !(exp->real <= latest)) {
    return std::nullopt;
  }
  return Timestamp(std::chrono::seconds(static_cast<std::int64_t>(exp->real)));
}

Result<Secret> secret_member(std::string_view json_text, std::string_view pointer) {
  DOVETAIL_TRY(const auto found, json::find_at(json_text, pointer));
  if (found.kind != json::Kind::string) {
    return Secret();
  }
  // With the room reserved, unescaping reallocates nothing and leaves no copy behind.
  std::string scratch;
  scratch.reserve(found.raw.size());
  DOVETAIL_TRY(const std::string_view value, json::unescape(found.raw, scratch));
  Secret secret{value};
  wipe(scratch.data(), scratch.size());
  return secret;
}

} // namespace dovetail::oauth
