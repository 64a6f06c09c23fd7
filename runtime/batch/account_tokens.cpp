// SPDX-License-Identifier: Apache-2.0
#include "runtime/batch/account_tokens.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/json/scan.hpp"
#include "core/json/writer.hpp"
#include "core/manifest/oauth.hpp"
#include "core/oauth/token_set.hpp"
#include "core/vault/fernet_import.hpp"

namespace dovetail::batch {
namespace {

// The longest that one byte becomes in a JSON string.
constexpr std::size_t escaped_bytes = 6;

std::string unescaped_name(std::string_view part) {
  std::string name;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '~' && i + 1 < part.size()) {
      name += part[++i] == '1' ? '/' : '~';
    } else {
      name += part[i];
    }
  }
  return name;
}

} // namespace

Result<Secret> with_text_at(const Secret& json, std::string_view pointer, const Secret& text) {
  const std::string_view whole = json.reveal();
  DOVETAIL_TRY(const json::Found present, json::find_at(whole, pointer));
  // With the room reserved nothing is reallocated, and no copy is left behind.
  std::string out;
  out.reserve(whole.size() + escaped_bytes * (text.size() + pointer.size()) + 16);
  if (present.kind != json::Kind::missing) {
    const auto begin = static_cast<std::size_t>(present.raw.data() - whole.data());
    out += whole.substr(0, begin);
    json::append_quoted(out, text.reveal());
    out += whole.substr(begin + present.raw.size());
    return Secret(std::move(out));
  }
  const std::size_t slash = pointer.rfind('/');
  const std::string_view above = slash == std::string_view::npos ? std::string_view() : pointer.substr(0, slash);
  DOVETAIL_TRY(const json::Found object, json::find_at(whole, above));
  if (object.kind != json::Kind::object) {
    return invalid_argument(fmt::format("{}: there is no object that could get a member", above));
  }
  const auto inside = static_cast<std::size_t>(object.raw.data() - whole.data()) + 1;
  out += whole.substr(0, inside);
  json::append_quoted(out, unescaped_name(pointer.substr(slash + 1)));
  out += ": ";
  json::append_quoted(out, text.reveal());
  out += object.integer > 0 ? ", " : "";
  out += whole.substr(inside);
  return Secret(std::move(out));
}

std::string AccountTokens::Pair::fingerprint() const { return oauth::seeds_of(access_token, refresh_token); }

bool AccountTokens::is_token(std::string_view name) const noexcept {
  return plan_.renews_tokens() && (name == access_name() || name == manifest::refresh_token_secret);
}

vault::SecretAddress AccountTokens::address(std::string_view name) const {
  return {.tenant = tenant_, .connection = connection_, .name = std::string(name)};
}

Result<Secret> AccountTokens::load(std::string_view name) {
  auto loaded = parts_.secrets.load(address(name));
  if (!loaded.ok()) {
    return loaded.error().code == ErrorCode::not_found ? Result<Secret>(Secret()) : std::move(loaded).error();
  }
  parts_.redactor.remember(loaded->secret);
  return std::move(loaded->secret);
}

AccountTokens::Pair AccountTokens::of_file() const {
  Pair pair;
  for (const PlannedSecret& secret : plan_.secrets) {
    if (secret.pointer.empty()) {
      continue;
    }
    if (secret.name == access_name()) {
      pair.access_token = secret.value;
    } else if (secret.name == manifest::refresh_token_secret) {
      pair.refresh_token = secret.value;
    }
  }
  return pair;
}

Result<AccountTokens::Pair> AccountTokens::given() {
  Pair pair;
  DOVETAIL_TRY(pair.access_token, load(access_name()));
  DOVETAIL_TRY(pair.refresh_token, load(manifest::refresh_token_secret));
  return pair;
}

Result<AccountTokens::Pair> AccountTokens::renewed(const Pair& from) {
  DOVETAIL_TRY(const Secret stored, load(manifest::token_set_secret));
  if (stored.empty()) {
    return Pair();
  }
  auto tokens = oauth::parse_token_set(stored);
  if (!tokens.ok() || tokens->seeds != from.fingerprint()) {
    return Pair();
  }
  parts_.redactor.remember(tokens->access_token);
  parts_.redactor.remember(tokens->refresh_token);
  return Pair{.access_token = std::move(tokens->access_token), .refresh_token = std::move(tokens->refresh_token)};
}

// A token that the file no longer has belongs to an earlier sign-in: it goes.
Status AccountTokens::put(std::string_view name, const Secret& secret, bool& changed) {
  if (secret.empty()) {
    DOVETAIL_TRY(const bool was_there, parts_.secrets.remove(address(name)));
    changed = changed || was_there;
    return {};
  }
  DOVETAIL_TRY(const auto outcome, vault::import_secret(parts_.secrets, address(name), secret, true));
  changed = changed || outcome == vault::ImportOutcome::stored;
  return {};
}

Result<bool> AccountTokens::take_from_file() {
  const Pair file = of_file();
  if (!plan_.renews_tokens() || file.empty()) {
    return false;
  }
  DOVETAIL_TRY(const Pair stored, given());
  if (stored.fingerprint() == file.fingerprint()) {
    return false;
  }
  DOVETAIL_TRY(const Secret known, load(manifest::batch_tokens_secret));
  if (known.reveal().find(file.fingerprint()) != std::string_view::npos) {
    DOVETAIL_TRY(const Pair newer, renewed(stored));
    if (!newer.empty()) {
      return false;
    }
  }
  bool changed = false;
  DOVETAIL_TRY_STATUS(put(access_name(), file.access_token, changed));
  DOVETAIL_TRY_STATUS(put(manifest::refresh_token_secret, file.refresh_token, changed));
  return changed;
}

std::string AccountTokens::pointer_of(std::string_view name) const {
  const auto& sources = plan_.provider->batch->secrets;
  // Where it was read, else the first place that the manifest names.
  if (const auto* const planned = plan_.find_secret(name); planned != nullptr && !planned->pointer.empty()) {
    return planned->pointer;
  }
  const auto found =
      std::find_if(sources.begin(), sources.end(), [name](const auto& source) { return source.secret == name; });
  return found == sources.end() ? std::string() : found->from;
}

Result<Secret> AccountTokens::file_with(const Pair& tokens, Timestamp now) const {
  Secret text = plan_.opened;
  const auto put_token = [&](std::string_view name, const Secret& token) -> Status {
    if (const std::string pointer = pointer_of(name); !pointer.empty() && !token.empty()) {
      DOVETAIL_TRY(text, with_text_at(text, pointer, token));
    }
    return {};
  };
  DOVETAIL_TRY_STATUS(put_token(access_name(), tokens.access_token));
  DOVETAIL_TRY_STATUS(put_token(manifest::refresh_token_secret, tokens.refresh_token));
  if (!plan_.encrypted) {
    return text;
  }
  auto keys = parts_.environment ? parts_.environment(plan_.provider->batch->key_variable) : std::nullopt;
  const Secret key(keys ? std::string_view(*keys) : std::string_view());
  if (keys) {
    wipe(keys->data(), keys->size());
  }
  DOVETAIL_TRY(const std::string sealed, vault::seal_fernet_wrapper(text, key, now, parts_.random));
  return Secret(sealed);
}

Result<bool> AccountTokens::write_back(Timestamp now) {
  const Pair file = of_file();
  if (!plan_.renews_tokens() || file.empty()) {
    return false;
  }
  DOVETAIL_TRY(const Pair stored, given());
  DOVETAIL_TRY(Pair newer, renewed(stored));
  if (newer.refresh_token.empty()) {
    newer.refresh_token = file.refresh_token;
  }
  if (newer.access_token.empty() || newer.fingerprint() == file.fingerprint()) {
    return false;
  }
  // A pair that the file cannot hold as a whole would be known by another fingerprint when it is read again.
  Pair written = newer;
  written.access_token = pointer_of(access_name()).empty() ? Secret() : newer.access_token;
  written.refresh_token = pointer_of(manifest::refresh_token_secret).empty() ? Secret() : newer.refresh_token;
  if (written.fingerprint() == file.fingerprint()) {
    return false;
  }
  DOVETAIL_TRY(const Secret text, file_with(written, now));
  const Secret known(file.fingerprint() + " " + written.fingerprint());
  DOVETAIL_TRY([[maybe_unused]] const std::int64_t version,
               parts_.secrets.save(address(manifest::batch_tokens_secret), known, std::nullopt));
  DOVETAIL_TRY_STATUS(replace_file(plan_.file, text.reveal(), {.expected = &plan_.stored}));
  return true;
}

} // namespace dovetail::batch
