// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/manifest/rate_limits.hpp"
#include "core/vault/crypto.hpp"
#include "core/vault/secret_backend.hpp"
#include "runtime/batch/plan.hpp"

namespace dovetail::batch {

/// `json` with the text at a pointer replaced, or put there as the first member of the object above it; all else stays byte for byte. Errors
/// (invalid_argument): broken JSON; no object above the pointer.
[[nodiscard]] Result<Secret> with_text_at(const Secret& json, std::string_view pointer, const Secret& text);

/// The tokens of one account, which stand in its file and, once they were renewed, newer ones in the SecretBackend (SYNC-15). Which of the two count is
/// known by fingerprints: the secret `batch_tokens` names the pairs that a batch run found in the file and wrote there. A pair that it names is no news, whatever was
/// renewed since; any other was put there by a person or by another program, and counts. It is written before the file is, so a run that
/// was killed in between leaves a file whose tokens are still known, and the next run writes them.
class AccountTokens {
public:
  struct Parts {
    vault::SecretBackend& secrets;
    Redactor& redactor;
    vault::SecureRandom& random;
    const manifest::Environment& environment; ///< for the key of an encrypted file
  };

  /// All must outlive it.
  AccountTokens(const Parts& parts, const Plan& plan, TenantId tenant, ConnectionId connection)
      : parts_(parts), plan_(plan), tenant_(tenant), connection_(connection) {}

  /// Whether the secret is one of the pair that is renewed.
  [[nodiscard]] bool is_token(std::string_view name) const noexcept;

  /// Stores the file's tokens if they count; true when something changed. Errors: those of the backend.
  [[nodiscard]] Result<bool> take_from_file();

  /// Writes the tokens that were renewed into the file, encrypted again where it was; true when the file was written. Only a file that held
  /// tokens gets some. Errors: aborted when somebody changed the file since it was read; those of the backend and of replace_file.
  [[nodiscard]] Result<bool> write_back(Timestamp now);

private:
  struct Pair {
    Secret access_token;
    Secret refresh_token;
    [[nodiscard]] bool empty() const noexcept { return access_token.empty() && refresh_token.empty(); }
    [[nodiscard]] std::string fingerprint() const;
  };

  [[nodiscard]] Pair of_file() const;
  /// What was stored of a person's tokens.
  [[nodiscard]] Result<Pair> given();
  /// Empty when there is none.
  [[nodiscard]] Result<Secret> load(std::string_view name);
  /// The renewed pair, if it came from the given one; else empty.
  [[nodiscard]] Result<Pair> renewed(const Pair& from);
  [[nodiscard]] Status put(std::string_view name, const Secret& secret, bool& changed);
  [[nodiscard]] Result<Secret> file_with(const Pair& tokens, Timestamp now) const;
  [[nodiscard]] std::string pointer_of(std::string_view name) const;
  [[nodiscard]] vault::SecretAddress address(std::string_view name) const;
  [[nodiscard]] const std::string& access_name() const noexcept { return plan_.resolved.auth->secret; }

  const Parts& parts_;
  const Plan& plan_;
  const TenantId tenant_;
  const ConnectionId connection_;
};

} // namespace dovetail::batch
