// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/vault/fernet.hpp"
#include "core/vault/secret_backend.hpp"

/// Fernet material (VAULT-5): open the wrapper, pick the secret, store it in the vault; seal the wrapper again.
namespace dovetail::vault {

inline constexpr std::size_t max_fernet_wrapper_bytes = 2 * max_fernet_token_bytes;

/// What the wrapper {"_encrypted": true, "payload": "<token>"} holds; other members are ignored. `keys_text` is what
/// FernetKey::parse_list reads. The result is the wrapped text, most often a JSON object. Errors: invalid_argument when the text is not
/// such a wrapper; else those of fernet_decrypt.
[[nodiscard]] Result<Secret> open_fernet_wrapper(std::string_view json_text, const Secret& keys_text);

/// The wrapper around a text, a Fernet token of this instant made with the first key of `keys_text`: for writing back what was opened, such as tokens that
/// were renewed, into the file that another system still reads. Errors: invalid_argument (keys; a text longer than limits::max_secret_bytes), internal.
[[nodiscard]] Result<std::string> seal_fernet_wrapper(const Secret& text, const Secret& keys_text, Timestamp now,
                                                      SecureRandom& random);

/// The string at a JSON pointer (RFC 6901) of a decrypted text; "" is the whole text, as it is. Errors: not_found when nothing stands
/// there, invalid_argument when the text is no JSON or another kind of value stands there; with no part of the text in them.
[[nodiscard]] Result<Secret> secret_at(const Secret& text, std::string_view pointer);

enum class ImportOutcome : std::uint8_t {
  stored,
  unchanged ///< the same value was there already
};

/// Stores the secret where there is none, so that an import may be repeated. With `replace` also over another value, and over one
/// that no longer opens. Errors: already_exists when another value is there and `replace` is not set; aborted when somebody else
/// wrote it meanwhile; else those of the backend.
[[nodiscard]] Result<ImportOutcome> import_secret(SecretBackend& backend, const SecretAddress& address,
                                                  const Secret& secret, bool replace);

} // namespace dovetail::vault
