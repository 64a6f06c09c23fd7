// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/mapping/override.hpp"

namespace dovetail::sync {

/// A field that only the account knows: a board's column, somebody's own field.
struct AccountField {
  std::string scope;  ///< which part of the account has it; "": all of it
  std::string key;    ///< the provider's lasting name of it
  std::string label;  ///< for people; "": the key speaks for itself
  std::string type;   ///< a word of the local models' types
  std::string source; ///< where a mapping takes it from: a JSON pointer, or a mapping source as JSON
  /// What `source` reads; filled in by make_account_fields.
  std::vector<mapping::SourcePlace> places = {};

  /// "Status" (status), or the key alone.
  [[nodiscard]] std::string name() const;
  /// Whether a mapping that reads `place` reads this field or something in it.
  [[nodiscard]] bool is_read_by(const mapping::SourcePlace& place) const;
};

/// The fields of one object as an account has them, sorted by scope and key.
using AccountFields = std::vector<AccountField>;

/// Sorts them and works out what they read. Errors: invalid_argument when a source is none, with the field.
[[nodiscard]] Result<AccountFields> make_account_fields(AccountFields fields);

/// The form in which accepted fields are stored. from_json's Error is data_loss.
[[nodiscard]] std::string to_json(const AccountFields& fields);
[[nodiscard]] Result<AccountFields> account_fields_from_json(std::string_view text);

} // namespace dovetail::sync
