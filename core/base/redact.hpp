// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/base/secret.hpp"

namespace dovetail {

/// The one boundary that text passes before it goes to a log, an error, a report or a table. It blanks
///  - the values of secret-bearing names in headers, JSON, forms and URLs: Authorization, Cookie, Set-Cookie, client_secret,
///    refresh_token, access_token, id_token, code, code_verifier, password, token, api_key, x-api-key, private_key, secret (HTTP-4),
///  - text of a token's shape: `Bearer x`, `Basic x`, `gh[opsur]_...`, `github_pat_...`, `v1.<hex>`, PEM private keys, user:password@ in URLs,
///  - every value that `remember` was told, wherever it stands, also percent-encoded or as base64.
/// Thread-safe. One per process, made by `main` and handed down.
class Redactor {
public:
  Redactor();
  ~Redactor();
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;
  Redactor(Redactor&&) = delete;
  Redactor& operator=(Redactor&&) = delete;

  /// Blanks `secret` in all later text. Values shorter than 6 bytes are not remembered: they would blank ordinary text.
  void remember(const Secret& secret);
  /// Also treats fields and headers of this name as secret (the PII and header names that a manifest marks); case-insensitive.
  void mark_name(std::string_view name);
  [[nodiscard]] bool is_secret_name(std::string_view name) const;
  /// `text` with every secret replaced by "[redacted]".
  [[nodiscard]] std::string redact(std::string_view text) const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

inline constexpr std::string_view redacted_mark = "[redacted]";

} // namespace dovetail
