// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/document.hpp"
#include "core/json/schema.hpp"

namespace dovetail::manifest {

/// A member of an account file that is a secret.
struct BatchSecret {
  std::string from;                   ///< where it stands in the account file (JSON pointer)
  std::string secret;                 ///< name of the secret
  std::vector<std::string> not_given; ///< texts that mean that there is none, such as that of an example
};

/// How a member of an account file becomes settings of the connection.
enum class BatchForm : std::uint8_t {
  value,  ///< as it stands
  list,   ///< an array; a single value becomes an array of one
  members ///< the object's members become settings of their own
};

struct BatchSetting {
  std::string from;
  std::string to; ///< the setting; empty with BatchForm::members
  BatchForm form = BatchForm::value;
};

/// Which way of signing in an account file asks for by what it holds.
struct BatchAuth {
  std::string when; ///< something other than null stands at this pointer
  std::string method;
};

/// How texts are known that a person has yet to replace. They are compared as they are, upper and lower case being different.
struct Placeholders {
  std::vector<std::string> equals;
  std::vector<std::string> begins;
  std::vector<std::string> contains;

  [[nodiscard]] bool match(std::string_view text) const noexcept;
};

/// How a directory of account files, one JSON file for each account, becomes tenants and connections (SYNC-15).
struct Batch {
  std::string key_variable; ///< the environment variable with the Fernet keys of encrypted files; empty: none
  json::Value schema;       ///< the JSON Schema of an account file
  std::unique_ptr<const json::Schema> file_schema; ///< the same, compiled; never null
  std::vector<BatchSecret> secrets;
  std::vector<BatchSetting> settings;
  std::vector<BatchAuth> auth; ///< the first that fits counts; none: the provider's first
  Placeholders placeholders;
  std::string columns; ///< pointer of the object whose members name the account's columns; empty: there is none
  std::vector<std::string> objects; ///< what is synced, at least one
};

/// What batch mode keeps of its own beside a connection's secrets: no manifest may declare a secret of this name.
inline constexpr std::string_view batch_tokens_secret = "batch_tokens";

} // namespace dovetail::manifest
