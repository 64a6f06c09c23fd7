// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/base/result.hpp"
#include "core/limits/rate_limiter.hpp"
#include "core/store/database.hpp"

namespace dovetail::store {

/// What the rate limiters remember, so that a restart grants no fresh burst (HTTP-6). Operator-level: one snapshot holds all
/// tenants' connections of one process. Thread-safe.
class LimiterSnapshotRepository {
public:
  /// A snapshot of limits::LimiterOptions::max_keys entries, each with the longest provider key, fits.
  static constexpr std::size_t max_snapshot_bytes = 64U << 20U;

  explicit LimiterSnapshotRepository(Database& database) : database_(database) {}

  /// Replaces the snapshot of `scope`: whose it is, e.g. the machine's name where several daemons share a database. Errors:
  /// resource_exhausted when it is larger than max_snapshot_bytes.
  [[nodiscard]] Status save(std::string_view scope, const limits::Snapshot& snapshot);
  /// nullopt when there is none. Errors: data_loss when what is stored cannot be read.
  [[nodiscard]] Result<std::optional<limits::Snapshot>> load(std::string_view scope);

private:
  Database& database_;
};

} // namespace dovetail::store
