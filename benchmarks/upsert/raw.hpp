// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/mapping/page_rows.hpp"
#include "core/store/page_writer_test_world.hpp"

/// The peers of the upsert benchmark: what somebody would write by hand on the driver's own calls, with the same statements in the same
/// order, each page one transaction. They know one object with its nine columns and nothing else: no policies, no repair of values, no retries.
namespace dovetail::bench {

/// What a raw writer is told once.
struct RawTarget {
  std::int64_t tenant = 0;
  std::int64_t connection = 0;
  std::int64_t job = 0;
  std::int64_t fence = 0;
  std::int64_t pass_id = 0;
  std::string object;
  std::string location;
  store::ObjectTarget object_target; ///< for the texts of the row statements
};

class RawWriter {
public:
  RawWriter() = default;
  RawWriter(const RawWriter&) = delete;
  RawWriter& operator=(const RawWriter&) = delete;
  RawWriter(RawWriter&&) = delete;
  RawWriter& operator=(RawWriter&&) = delete;
  virtual ~RawWriter() = default;

  /// Writes the page with this number and returns how many rows it made or changed. Ends the program when the database fails.
  virtual std::int64_t write(const mapping::PageRows& rows, std::int64_t pass_pages) = 0;
};

[[nodiscard]] std::unique_ptr<RawWriter> make_raw_sqlite(const RawTarget& target);
[[nodiscard]] std::unique_ptr<RawWriter> make_raw_postgresql(const RawTarget& target);

/// The model that is written: the types of a pull request.
[[nodiscard]] model::Model benchmark_model();

} // namespace dovetail::bench
