// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include <sqlite3.h>

namespace dovetail::testing {

/// One SQLite connection that sees two databases.
class TwoDatabases {
public:
  TwoDatabases(const std::filesystem::path& one, const std::filesystem::path& other) {
    if (sqlite3_open_v2(one.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) {
      throw std::runtime_error("cannot open " + one.string());
    }
    ask("ATTACH '" + other.string() + "' AS other");
  }
  ~TwoDatabases() { sqlite3_close_v2(handle_); }
  TwoDatabases(const TwoDatabases&) = delete;
  TwoDatabases& operator=(const TwoDatabases&) = delete;
  TwoDatabases(TwoDatabases&&) = delete;
  TwoDatabases& operator=(TwoDatabases&&) = delete;

  /// The first column of all rows, one a line.
  std::string ask(const std::string& sql) {
    std::string text;
    char* problem = nullptr;
    const auto gather = [](void* out, int count, char** values, char** /*names*/) {
      *static_cast<std::string*>(out) += std::string(count > 0 && values[0] != nullptr ? values[0] : "") + "\n";
      return 0;
    };
    if (sqlite3_exec(handle_, sql.c_str(), gather, &text, &problem) != SQLITE_OK) {
      const std::string what = problem == nullptr ? "" : problem;
      sqlite3_free(problem);
      throw std::runtime_error(sql + ": " + what);
    }
    return text;
  }

  /// Rows that only one of them has; ids that the store gives and times of writing do not count.
  std::string differences(const std::string& table) {
    const std::string columns = ask("SELECT group_concat('\"' || name || '\"') FROM pragma_table_info('" + table +
                                    "') WHERE name NOT IN ('tenant_id', 'id', 'connection_id', 'created_at', "
                                    "'updated_at', 'row_id', 'pass_id', 'first_seen_at', 'last_changed_at')");
    const auto only = [&](const std::string& here, const std::string& there) {
      return ask("SELECT count(*) FROM (SELECT " + columns + " FROM " + here + ".\"" + table + "\" EXCEPT SELECT " +
                 columns + " FROM " + there + ".\"" + table + "\")");
    };
    return only("main", "other") + only("other", "main");
  }

private:
  sqlite3* handle_ = nullptr;
};

} // namespace dovetail::testing
