// SPDX-License-Identifier: Apache-2.0
#include "core/vault/fernet_import.hpp"

#include <optional>
#include <string>

#include "core/json/check.hpp"
#include "core/json/scan.hpp"

namespace dovetail::vault {
namespace {

constexpr std::string_view wrapper_form = R"({"_encrypted": true, "payload": "..."})";

/// The secret is there, but lost: it was damaged, or its key is gone.
bool cannot_be_opened(const Error& error) noexcept {
  return error.code == ErrorCode::data_loss || error.code == ErrorCode::failed_precondition;
}

} // namespace

Result<Secret> open_fernet_wrapper(std::string_view json_text, const Secret& keys_text) {
  if (json_text.size() > max_fernet_wrapper_bytes) {
    return invalid_argument("The encrypted file has " + std::to_string(json_text.size()) + " bytes; at most " +
                            std::to_string(max_fernet_wrapper_bytes) + " can be read.");
  }
  const Status checked = json::check(json_text);
  if (!checked.ok()) {
    return checked.error().in("The encrypted file is no JSON");
  }
  DOVETAIL_TRY(const auto mark, json::find_at(json_text, "/_encrypted"));
  DOVETAIL_TRY(const auto payload, json::find_at(json_text, "/payload"));
  if (mark.kind != json::Kind::boolean || mark.integer != 1 || payload.kind != json::Kind::string) {
    return invalid_argument("The file is not encrypted in the way that can be read: " + std::string(wrapper_form) +
                            ".");
  }
  std::string scratch;
  DOVETAIL_TRY(const std::string_view token, json::unescape(payload.raw, scratch));
  return open_fernet_payload(token, keys_text);
}

Result<std::string> seal_fernet_wrapper(const Secret& text, const Secret& keys_text, Timestamp now,
                                        SecureRandom& random) {
  DOVETAIL_TRY(const auto keys, FernetKey::parse_list(keys_text));
  DOVETAIL_TRY(const std::string token, fernet_encrypt(text, keys.front(), now, random));
  // A token is base64url: nothing in it needs escaping.
  return R"({"_encrypted": true, "payload": ")" + token + "\"}\n";
}

Result<Secret> secret_at(const Secret& text, std::string_view pointer) {
  if (pointer.empty()) {
    return text;
  }
  if (!json::check(text.reveal()).ok()) {
    return invalid_argument(
        "What was decrypted is no JSON, so that nothing can be picked from it; import the whole of it.");
  }
  DOVETAIL_TRY(const auto found, json::find_at(text.reveal(), pointer));
  if (found.kind == json::Kind::missing) {
    return not_found("What was decrypted has nothing at " + std::string(pointer) + ".");
  }
  if (found.kind != json::Kind::string) {
    return invalid_argument("What was decrypted has no string at " + std::string(pointer) +
                            ", but this: " + std::string(json::to_string(found.kind)) + ".");
  }
  // With the room reserved, unescaping reallocates nothing and leaves no copy behind.
  std::string scratch;
  scratch.reserve(found.raw.size());
  DOVETAIL_TRY(const std::string_view value, json::unescape(found.raw, scratch));
  Secret secret{value};
  wipe(scratch.data(), scratch.size());
  return secret;
}

Result<ImportOutcome> import_secret(SecretBackend& backend, const SecretAddress& address, const Secret& secret,
                                    bool replace) {
  std::optional<std::int64_t> version = 0;
  const auto present = backend.load(address);
  if (present.ok()) {
    if (present->secret == secret) {
      return ImportOutcome::unchanged;
    }
    if (!replace) {
      return already_exists("Connection " + std::to_string(address.connection.value) + " has another secret \"" +
                            address.name + "\" already; say explicitly that it is to be replaced.");
    }
    version = present->version;
  } else if (replace && cannot_be_opened(present.error())) {
    version = std::nullopt;
  } else if (present.error().code != ErrorCode::not_found) {
    return present.error();
  }
  const auto saved = backend.save(address, secret, version);
  if (!saved.ok()) {
    return saved.error();
  }
  return ImportOutcome::stored;
}

} // namespace dovetail::vault
