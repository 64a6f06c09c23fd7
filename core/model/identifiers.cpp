// SPDX-License-Identifier: Apache-2.0
#include "core/model/identifiers.hpp"

#include <algorithm>
#include <array>

namespace dovetail::model {
namespace {

// PostgreSQL 15, appendix C: reserved, with or without use as a function or type name. SQLite: the keywords for which its grammar has
// no fallback to a name. Both sorted together.
constexpr auto sql_keywords = std::to_array<std::string_view>({
    "add",
    "all",
    "alter",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "autoincrement",
    "begin",
    "between",
    "binary",
    "both",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "delete",
    "desc",
    "distinct",
    "do",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "exists",
    "false",
    "fetch",
    "filter",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "index",
    "indexed",
    "initially",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "materialized",
    "natural",
    "not",
    "nothing",
    "notnull",
    "null",
    "nulls",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "over",
    "overlaps",
    "placing",
    "primary",
    "raise",
    "references",
    "returning",
    "right",
    "rollback",
    "row",
    "savepoint",
    "select",
    "session_user",
    "set",
    "similar",
    "some",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "transaction",
    "trigger",
    "true",
    "union",
    "unique",
    "update",
    "user",
    "using",
    "vacuum",
    "values",
    "variadic",
    "verbose",
    "view",
    "when",
    "where",
    "window",
    "with",
});
static_assert(std::is_sorted(sql_keywords.begin(), sql_keywords.end()));

constexpr auto own_columns = std::to_array<std::string_view>({
    "connection_id",
    "content_hash",
    "created_at",
    "external_id",
    "id",
    "provider",
    "source_updated_at",
    "state",
    "tenant_id",
    "updated_at",
});

} // namespace

bool is_identifier(std::string_view name) noexcept {
  if (name.empty() || name.size() > max_identifier_bytes || name.front() < 'a' || name.front() > 'z' ||
      name.back() == '_') {
    return false;
  }
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return std::all_of(name.begin(), name.end(), allowed) && name.find("__") == std::string_view::npos;
}

bool is_sql_keyword(std::string_view name) noexcept {
  return std::binary_search(sql_keywords.begin(), sql_keywords.end(), name);
}

bool is_own_column(std::string_view name) noexcept {
  return std::find(own_columns.begin(), own_columns.end(), name) != own_columns.end();
}

} // namespace dovetail::model
