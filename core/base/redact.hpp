// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/secret.hpp"

namespace dovetail {

/// The one boundary that text passes before it goes to a log, an error, a report or a table. It blanks
///  - the values of secret-bearing names in headers, JSON (also JSON inside a JSON string), forms and URLs (HTTP-4): Authorization,
///    Cookie, Set-Cookie, client_secret, refresh_token, access_token, id_token, code, code_verifier, password, token, api_key,
///    x-api-key, private_key, secret, and every name that ends in "token", "secret", "password", "api_key" or "private_key"
///    (but page, sync and continuation tokens). Case, '_' and '-' do not count: "clientSecret" is "client_secret".
///  - text of a token's shape: `Bearer x`, `Basic x`, `gh[opsur]_...`, `github_pat_...`, `xox?-...`, `ya29....`, `v1.<hex>`, JSON web
///    tokens, PEM private keys, the user information of URLs,
///  - every value that `remember` was told, wherever it stands, also percent-encoded, JSON-escaped or as base64.
///
/// `code` is both OAuth's authorization code and the name of half the world's error codes. In a URL or form (`?code=`, `&code=`, or
/// at the start) its value always goes; elsewhere (JSON, prose) only when it looks like a token: ten or more characters with ten
/// digits or with three changes between letters and digits. {"code":"missing_field"} and {"code":404} stay readable.
///
/// Time is linear in the text, whatever the text. Redact first and cut to a length afterwards: half a secret is not recognised.
/// Thread-safe. One per process, made by `main` and handed down.
class Redactor {
public:
  Redactor();
  ~Redactor();
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;
  Redactor(Redactor&&) = delete;
  Redactor& operator=(Redactor&&) = delete;

  /// Blanks `secret` in all later text; of long values every 64-byte piece on its own. Values shorter than 6 bytes are not remembered:
  /// they would blank ordinary text. Room is for some thirty thousand values, after which those that were not remembered again for the
  /// longest time are forgotten: call it whenever a secret is put to use; that is cheap.
  void remember(const Secret& secret);
  /// Also treats fields and headers of this name as secret (the PII and header names that a manifest marks); case-insensitive.
  void mark_name(std::string_view name);
  /// Whether a value of this name is secret whatever it looks like. False for "code", which `redact_value` judges by its value.
  [[nodiscard]] bool is_secret_name(std::string_view name) const;
  /// `text` with every secret replaced by "[redacted]".
  [[nodiscard]] std::string redact(std::string_view text) const;
  /// What may be shown of `value` under `name`: the mark for a secret name, else the redacted value.
  [[nodiscard]] std::string redact_value(std::string_view name, std::string_view value) const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

inline constexpr std::string_view redacted_mark = "[redacted]";

} // namespace dovetail
