// SPDX-License-Identifier: Apache-2.0
#include "core/oauth/refresh.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/base/time.hpp"

namespace dovetail::oauth {
namespace {

// Looks at what is stored before we say that it never comes to rest.
constexpr int max_rounds = 10'000;
constexpr int store_attempts = 3;
constexpr std::chrono::milliseconds store_pause{200};

/// How long before their end tokens are renewed: short lives would otherwise be renewed on every request.
std::chrono::microseconds margin_of(const Account& account, const TokenSet& tokens) {
  std::chrono::microseconds margin = account.oauth().refresh_before;
  if (tokens.expires_at && tokens.obtained_at) {
    margin = std::min(margin, (*tokens.expires_at - *tokens.obtained_at) / 2);
  }
  return margin;
}

Error transient(std::string message) {
  Error error = unavailable(std::move(message));
  error.retry = RetryClass::transient;
  return error;
}

} // namespace

bool is_alive(const TokenSet& tokens, const TokenWish& wish, Timestamp now) {
  return !tokens.access_token.empty() && (wish.refused == nullptr || !(tokens.access_token == *wish.refused)) &&
         (!tokens.expires_at || now < *tokens.expires_at);
}

bool is_fresh(const Account& account, const TokenSet& tokens, const TokenWish& wish, Timestamp now) {
  // Tokens that a person gave do not say where the API is; the first refresh does.
  const bool place_unknown =
      !account.oauth().base_url_pointer.empty() && tokens.base_url.empty() && !tokens.obtained_at;
  return is_alive(tokens, wish, now) && !place_unknown &&
         (!tokens.expires_at || now + margin_of(account, tokens) < *tokens.expires_at);
}

Refresh::Refresh(const TokenParts& parts, const TokenOptions& options, const Account& account, const TokenWish& wish,
                 const Cancellation& cancellation, TokenMemory& memory)
    : parts_(parts), options_(options), account_(account), wish_(wish), cancellation_(cancellation), memory_(memory),
      store_(parts.secrets, parts.redactor, parts_.environment, account) {}

Result<TokenSet> Refresh::run() {
  const MonotonicTime give_up = parts_.clock.monotonic_now() + 3 * options_.lease;
  for (int round = 0; round < max_rounds && parts_.clock.monotonic_now() < give_up; ++round) {
    DOVETAIL_TRY_STATUS(cancellation_.check(parts_.clock));
    DOVETAIL_TRY(StoredTokens stored, load());
    const Timestamp now = parts_.clock.now();
    if (is_fresh(account_, stored.tokens, wish_, now)) {
      return std::move(stored.tokens);
    }
    const bool alive = is_alive(stored.tokens, wish_, now);
    const Status renewable = check_renewable(stored.tokens);
    const auto identity = renewable.ok() ? store_.client() : renewable.error();
    // While a token lives, nobody waits for the next one.
    if (alive && (!identity.ok() || now < memory_.quiet_until || is_at_work(stored.tokens.refreshing))) {
      return std::move(stored.tokens);
    }
    if (!identity.ok()) {
      return identity.error();
    }
    DOVETAIL_TRY(const bool ours, take_lease(stored));
    if (!ours) {
      continue;
    }
    DOVETAIL_TRY(auto renewed, renew(stored, *identity));
    if (renewed) {
      return std::move(*renewed);
    }
  }
  return transient(fmt::format("The tokens of {} are being renewed by another process that does not come to an end.",
                               account_.describe()));
}

// What is stored; tokens that could not be stored the last time go there first.
Result<StoredTokens> Refresh::load() {
  DOVETAIL_TRY(StoredTokens stored, store_.load());
  if (store_.read_only()) {
    if (memory_.tokens && memory_.tokens->seeds == stored.tokens.seeds) {
      stored.tokens = *memory_.tokens;
    }
    return stored;
  }
  if (memory_.unsaved) {
    auto& unsaved = *memory_.unsaved;
    if (stored.tokens.seeds == unsaved.tokens.seeds && stored.tokens.refresh_token == unsaved.sent) {
      DOVETAIL_TRY(stored.tokens, keep(unsaved.tokens, unsaved.sent, stored.version));
      DOVETAIL_TRY(stored, store_.load());
    }
    memory_.unsaved.reset();
  }
  return stored;
}

bool Refresh::can_refresh(const TokenSet& tokens) const {
  return !tokens.refresh_token.empty() && account_.oauth().has(manifest::OAuthFlow::refresh_token) &&
         !store_.read_only();
}

Status Refresh::check_renewable(const TokenSet& tokens) const {
  if (can_refresh(tokens) || has_client_grant(account_)) {
    return {};
  }
  if (!tokens.refresh_token.empty() && store_.read_only()) {
    return failed_precondition(fmt::format(
        "The tokens of {} have to be renewed, but the secret backend is read-only: what the provider answers could not "
        "be stored, and the connection would be lost. Use another --secret-backend.",
        account_.describe()));
  }
  if (tokens.access_token.empty()) {
    return failed_precondition(fmt::format(
        "The connection {} has neither a secret \"{}\" nor a \"{}\". Give one with `dovetail connection add --replace "
        "--secret-env NAME=VARIABLE`.",
        account_.connection_name, manifest::refresh_token_secret, account_.auth->secret));
  }
  if (wish_.refused == nullptr && tokens.expires_at) {
    return attention(
        fmt::format("its access token ended at {} and there is no refresh token", format_iso8601(*tokens.expires_at)));
  }
  return attention("the provider refused its access token, and there is no refresh token");
}

// True: the tokens are ours to renew, and `stored` holds our mark. False: somebody else is at it or was just now, look again.
Result<bool> Refresh::take_lease(StoredTokens& stored) {
  if (store_.read_only()) {
    return true;
  }
  const auto& mark = stored.tokens.refreshing;
  if (is_at_work(mark)) {
    parts_.clock.sleep_for(options_.poll, cancellation_.stop);
    return false;
  }
  if (mark && mark->holder != memory_.mark) {
    interrupted_ = mark->since;
  }
  TokenSet marked = stored.tokens;
  marked.refreshing = RefreshMark{.holder = std::to_string(parts_.ids.next()), .since = parts_.clock.now()};
  const auto saved = store_.save(marked, stored.version);
  if (!saved.ok()) {
    return saved.error().code == ErrorCode::aborted ? Result<bool>(false) : saved.error();
  }
  memory_.mark = marked.refreshing->holder;
  stored = {.tokens = std::move(marked), .version = *saved};
  return true;
}

// Whether somebody else holds the lease.
bool Refresh::is_at_work(const std::optional<RefreshMark>& mark) {
  if (!mark || mark->holder == memory_.mark ||
      parts_.clock.now() - mark->since >= options_.lease + options_.clock_skew) {
    return false;
  }
  if (watched_ != mark) {
    watched_ = mark;
    watched_since_ = parts_.clock.monotonic_now();
  }
  return parts_.clock.monotonic_now() - watched_since_ < options_.lease;
}

// nullopt: somebody else changed what is stored, look again.
Result<std::optional<TokenSet>> Refresh::renew(const StoredTokens& stored, const ClientIdentity& identity) {
  const Secret sent = can_refresh(stored.tokens) ? stored.tokens.refresh_token : Secret();
  TokenAnswer answer = ask_for_tokens(parts_.client, parts_.redactor, parts_.clock, account_, identity, sent);
  if (answer.kind == TokenAnswer::Kind::refused) {
    return refused(stored, answer.error);
  }
  if (answer.kind == TokenAnswer::Kind::failed) {
    return failed(stored, answer.error);
  }
  TokenSet& fresh = answer.tokens;
  // RFC 6749 section 6: an answer without a refresh token leaves the old one in force.
  if (fresh.refresh_token.empty()) {
    fresh.refresh_token = stored.tokens.refresh_token;
  }
  if (fresh.base_url.empty()) {
    fresh.base_url = stored.tokens.base_url;
  }
  fresh.seeds = stored.tokens.seeds;
  DOVETAIL_TRY(TokenSet kept, keep(std::move(fresh), stored.tokens.refresh_token, stored.version));
  log(LogLevel::info, "tokens renewed",
      kept.expires_at ? "until " + format_iso8601(*kept.expires_at) : std::string("without a known end"));
  return std::optional(std::move(kept));
}

// Stores tokens before anybody uses them. `replaced` is the refresh token that stood there when they were asked for.
Result<TokenSet> Refresh::keep(TokenSet fresh, const Secret& replaced, std::optional<std::int64_t> version) {
  if (store_.read_only()) {
    return fresh;
  }
  Error problem;
  for (int attempt = 0; attempt < store_attempts; ++attempt) {
    const auto saved = store_.save(fresh, version);
    if (saved.ok()) {
      memory_.unsaved.reset();
      return fresh;
    }
    problem = saved.error();
    if (problem.code == ErrorCode::aborted) {
      auto present = store_.load();
      if (present.ok() && (present->tokens.seeds != fresh.seeds || !(present->tokens.refresh_token == replaced))) {
        // A person signed in anew, or another process renewed the tokens after us: theirs are the newer ones.
        log(LogLevel::warning, "renewed tokens were not stored", "somebody else stored newer ones in between");
        return std::move(present->tokens);
      }
      if (present.ok()) {
        version = present->version;
        continue;
      }
      problem = present.error();
    }
    // Not to be stopped: these tokens exist nowhere else.
    parts_.clock.sleep_for(store_pause, {});
  }
  memory_.unsaved = TokenMemory::Unsaved{.tokens = std::move(fresh), .sent = replaced};
  log(LogLevel::error, "renewed tokens could not be stored", problem.message);
  return transient(fmt::format("The renewed tokens of {} could not be stored, so they are not used: {}. This process "
                               "keeps them and tries again; if it ends before, the connection must sign in anew.",
                               account_.describe(), problem.message));
}

Result<std::optional<TokenSet>> Refresh::refused(const StoredTokens& stored, const Error& error) {
  DOVETAIL_TRY(const StoredTokens present, load());
  if (!store_.read_only() && (present.version != stored.version || present.tokens.seeds != stored.tokens.seeds)) {
    // Another process was first with the same refresh token, or a person signed in anew.
    return std::optional<TokenSet>();
  }
  give_back(stored, stored.tokens.failing_since);
  std::string why = fmt::format("the provider refused to renew its tokens: {}", error.message);
  if (interrupted_) {
    why += fmt::format(", after a refresh that began at {} and was never ended", format_iso8601(*interrupted_));
  }
  log(LogLevel::error, "tokens refused", error.message);
  return attention(why);
}

Result<std::optional<TokenSet>> Refresh::failed(const StoredTokens& stored, const Error& error) {
  const Timestamp now = parts_.clock.now();
  const Timestamp since = stored.tokens.failing_since.value_or(now);
  give_back(stored, since);
  log(LogLevel::warning, "tokens not renewed", error.message);
  if (is_alive(stored.tokens, wish_, now)) {
    memory_.quiet_until = now + options_.retry_after;
    TokenSet living = stored.tokens;
    living.refreshing.reset();
    return std::optional(std::move(living));
  }
  if (now - since >= options_.give_up_after) {
    return attention(fmt::format("its tokens could not be renewed since {}: {}", format_iso8601(since), error.message));
  }
  return error.in(fmt::format("The tokens of {} could not be renewed", account_.describe()));
}

// Takes our mark out again. When that fails, others wait until the lease is over.
void Refresh::give_back(const StoredTokens& stored, std::optional<Timestamp> failing_since) {
  if (store_.read_only()) {
    return;
  }
  TokenSet unmarked = stored.tokens;
  unmarked.refreshing.reset();
  unmarked.failing_since = failing_since;
  if (const auto saved = store_.save(unmarked, stored.version); !saved.ok()) {
    log(LogLevel::warning, "the end of a refresh was not stored", saved.error().message);
  }
}

Error Refresh::attention(std::string_view why) const {
  return unauthenticated(fmt::format("Admin attention needed: {} must sign in again, because {}. Give it new "
                                     "credentials with `dovetail connection add "
                                     "--replace`.",
                                     account_.describe(), why));
}

void Refresh::log(LogLevel level, std::string_view message, std::string_view detail) const {
  parts_.logger.write(level, message,
                      {{"tenant", std::string_view(account_.tenant_name)},
                       {"provider", std::string_view(account_.provider->provider_key)},
                       {"connection", std::string_view(account_.connection_name)},
                       {"detail", detail}});
}

} // namespace dovetail::oauth
