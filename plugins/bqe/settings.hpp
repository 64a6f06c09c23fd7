// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/sdk/sdk.hpp"

namespace dovetail::bqe {

/// How one object is read.
struct ObjectSettings {
  std::string key;  ///< the object's key in the manifest
  std::string path; ///< below the base URL
  /// What is asked for when the host gives no hint.
  std::vector<std::string> fields;
  std::string deleted_type; ///< what the list of deletions calls it; empty: it is not looked for there
  std::string where;        ///< a condition that every read carries; empty: none
};

/// What the manifest's "settings" and the connection's config say: all that the API's documentation leaves open.
struct Settings {
  int first_page = 1;
  int page_size = 200;
  int max_page_size = 1000;
  int max_page_size_with_expand = 100;
  std::vector<int> end_statuses;       ///< statuses that mean an empty list
  std::vector<std::string> list_paths; ///< pointers to where the rows may stand, in the order in which they are tried
  std::string quote = "'";
  std::string changed_field = "lastUpdated";
  std::string changed_operator = ">=";
  std::string literal_suffix; ///< behind "2026-01-05T09:00:00"
  std::string tie_breaker;    ///< second key of the order; empty: none
  /// A delta begins this much earlier as long as nobody has checked in which time zone `changed_field` is.
  std::chrono::seconds zone_doubt{0};
  /// At its end a full read looks once more at what changed in this last span, so that a row that moved meanwhile is not missed.
  std::chrono::seconds tail{300};
  std::string deletions_path; ///< empty: there is no list of deletions
  std::string deleted_field;
  std::string deleted_id; ///< pointers into a row of that list
  std::string deleted_type;
  std::chrono::seconds deletions_overlap{300};
  std::vector<std::string> expandable; ///< fields that come only with "expand"
  std::vector<std::string> forbidden;  ///< fields that are never asked for
  std::vector<std::string> code_keys;  ///< members of an error's body, without regard to case
  std::vector<std::string> key_keys;
  std::vector<std::string> message_keys;
  std::vector<ObjectSettings> objects;
};

/// Errors: invalid_argument when the settings lack what no default can replace, or hold what no request could be made of.
[[nodiscard]] sdk::Result<Settings> read_settings(sdk::Context& context, const sdk::Config& config);

} // namespace dovetail::bqe
