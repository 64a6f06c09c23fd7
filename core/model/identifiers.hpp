// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace dovetail::model {

inline constexpr std::size_t max_identifier_bytes = 48;

/// snake_case: a-z, 0-9 and single '_' between them, beginning with a letter, at most max_identifier_bytes.
[[nodiscard]] bool is_identifier(std::string_view name) noexcept;

/// Whether people would have to quote the name in their SQL, because SQLite or PostgreSQL keeps it for itself. "commit" is let
/// through: PostgreSQL takes it as a name, SQLite in quotes, and it is what everybody calls the thing.
[[nodiscard]] bool is_sql_keyword(std::string_view name) noexcept;

/// Whether every table has a column of that name anyway (tenant_id, id, provider ...).
[[nodiscard]] bool is_own_column(std::string_view name) noexcept;

} // namespace dovetail::model
