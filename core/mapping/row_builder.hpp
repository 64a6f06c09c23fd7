// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/mapping/page_mapper.hpp"
#include "core/mapping/program.hpp"

namespace dovetail::mapping {

/// The half of the work that all engines share: slots to cells, external ids, hashes, duplicates, counts. An engine calls
/// begin_page, then for each element begin_record, fills slots() and calls end_record (or null_record). Not thread-safe.
class RowBuilder {
public:
  /// Both must outlive it; `redactor` may be null.
  RowBuilder(const Program& program, const Redactor* redactor) : program_(program), redactor_(redactor) {}

  void begin_page(std::span<const Constant> constants, PageRows& out);
  void begin_record() noexcept;
  [[nodiscard]] RawValue* slots() noexcept { return slots_.data(); }
  /// Makes the row, or counts why there is none.
  void end_record();
  void null_record() noexcept {
    ++stats_.null_rows;
    ++stats_.records;
  }
  [[nodiscard]] std::uint64_t records() const noexcept { return stats_.records; }
  [[nodiscard]] PageStats take_stats();

private:
  [[nodiscard]] RawValue value_of(const Source& source);
  [[nodiscard]] RawValue concat(const Source& source);
  [[nodiscard]] Cell cell_of(const Target& target);
  [[nodiscard]] Cell plain_cell(const Target& target, const RawValue& value);
  [[nodiscard]] Cell enum_cell(const Target& target, const RawValue& value);
  [[nodiscard]] bool holds(const Condition& condition);
  [[nodiscard]] bool is_child();
  [[nodiscard]] std::string_view external_id();
  void keep_last(std::uint64_t id_hash);
  [[nodiscard]] std::uint64_t hash_row(std::size_t row);
  void report(std::string_view field, bool secret, std::string_view problem, const RawValue& value);

  const Program& program_;
  const Redactor* const redactor_;
  PageRows* rows_ = nullptr;
  std::vector<RawValue> slots_;
  PageStats stats_;
  std::vector<char> scratch_;       // a row's bytes while they are hashed
  std::vector<std::uint32_t> seen_; // open addressing: row index + 1 by the hash of its external id
};

} // namespace dovetail::mapping
