// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/secret.hpp"

namespace dovetail::vault {

/// The two alphabets of RFC 4648 and whether '=' fills the last group. Reading is strict: the form that is asked for and no
/// other, no white space, and the unused bits of the last character are zero, so that one value has exactly one text.
enum class Base64Form {
  standard,    ///< section 4, '+' and '/', padded
  url,         ///< section 5, '-' and '_', padded (Fernet)
  url_unpadded ///< section 5 without padding (PKCE, JWT)
};

/// Branch-free in the bytes, so that it may be used on keys. The caller wipes the result when it holds a secret.
[[nodiscard]] std::string base64_encode(std::string_view bytes, Base64Form form = Base64Form::standard);
[[nodiscard]] Secret base64_encode_secret(const Secret& bytes, Base64Form form = Base64Form::standard);
/// nullopt when `text` is not strictly of this form.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text, Base64Form form = Base64Form::standard);
/// The same for text that encodes a secret: leaves no copy of the bytes outside the result.
[[nodiscard]] std::optional<Secret> base64_decode_secret(std::string_view text, Base64Form form = Base64Form::standard);

/// Lower case, two digits a byte.
[[nodiscard]] std::string hex_encode(std::string_view bytes);
/// Reads either case; nullopt on an odd length or any other character.
[[nodiscard]] std::optional<std::string> hex_decode(std::string_view text);

} // namespace dovetail::vault
