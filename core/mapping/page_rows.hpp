// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/model/model.hpp"

namespace dovetail::mapping {

/// One converted value, 16 bytes. Texts are views: into the page's buffer, or into the PageRows' own arena where they had to
/// be unescaped or built. They live until the page's buffer is reused or the PageRows is cleared, whichever comes first.
class Cell {
public:
  enum class Kind : std::uint8_t { null, integer, real, boolean, timestamp, date, text, json };

  Cell() noexcept : integer_(0) {}
  [[nodiscard]] static Cell integer(std::int64_t value) noexcept { return {Kind::integer, value}; }
  [[nodiscard]] static Cell boolean(bool value) noexcept { return {Kind::boolean, value ? 1 : 0}; }
  /// Microseconds since 1970-01-01T00:00:00Z.
  [[nodiscard]] static Cell timestamp(std::int64_t micros) noexcept { return {Kind::timestamp, micros}; }
  /// Days since 1970-01-01.
  [[nodiscard]] static Cell date(std::int64_t days) noexcept { return {Kind::date, days}; }
  [[nodiscard]] static Cell real(double value) noexcept {
    Cell cell;
    cell.kind_ = Kind::real;
    cell.real_ = value;
    return cell;
  }
  /// At most 4 GiB, which every bound is far below.
  [[nodiscard]] static Cell text(std::string_view value) noexcept { return {Kind::text, value}; }
  [[nodiscard]] static Cell json(std::string_view value) noexcept { return {Kind::json, value}; }

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_null() const noexcept { return kind_ == Kind::null; }
  /// Preconditions: the kind is one that the accessor fits.
  [[nodiscard]] std::int64_t as_integer() const noexcept { return integer_; }
  [[nodiscard]] bool as_boolean() const noexcept { return integer_ != 0; }
  [[nodiscard]] double as_real() const noexcept { return real_; }
  [[nodiscard]] std::string_view as_text() const noexcept { return {data_, size_}; }
  [[nodiscard]] Timestamp as_timestamp() const noexcept { return Timestamp(std::chrono::microseconds(integer_)); }

private:
  Cell(Kind kind, std::int64_t value) noexcept : kind_(kind), integer_(value) {}
  Cell(Kind kind, std::string_view value) noexcept
      : kind_(kind), size_(static_cast<std::uint32_t>(value.size())), data_(value.data()) {}

  Kind kind_ = Kind::null;
  std::uint32_t size_ = 0;
  union {
    std::int64_t integer_;
    double real_;
    const char* data_;
  };
};
static_assert(sizeof(Cell) == 16);

/// What every row has besides its cells.
struct RowHeader {
  std::string_view external_id;               ///< never empty; lives like a Cell's text
  std::optional<Timestamp> source_updated_at; ///< where the mapping names one and it converted
  std::uint64_t external_id_hash = 0;         ///< mapping::hash_text(external_id)
  std::uint64_t content_hash = 0; ///< XXH3 over the cells, their kinds, the two marks here and the mapping's signature
  bool inactive = false;          ///< the provider's own archived or deleted mark (SYNC-7)
  bool gone = false;              ///< the record says only that it no longer exists: its cells mean nothing (SYNC-7)
};

/// A bump allocator for texts that a row needs and the page does not hold. Not thread-safe.
class TextArena {
public:
  /// `size` writable bytes that live until clear().
  [[nodiscard]] char* allocate(std::size_t size);
  [[nodiscard]] std::string_view copy(std::string_view text);
  /// Gives everything back at once and keeps what a page of the same size will need.
  void clear() noexcept;

private:
  struct Block {
    std::unique_ptr<char[]> data;
    std::size_t size = 0;
  };
  std::vector<Block> blocks_;
  std::size_t used_ = 0;      // of the last block
  std::size_t next_size_ = 0; // of the next block
};

/// The rows of one page, row by row; reused from page to page so that a page costs no allocation once it has grown. Not thread-safe.
class PageRows {
public:
  /// `columns`: for each cell of a row the index of its field in the model, in order.
  void reset(std::span<const std::uint16_t> columns) {
    columns_.assign(columns.begin(), columns.end());
    headers_.clear();
    cells_.clear();
    arena_.clear();
  }
  /// Appends a row of null cells and returns them.
  std::span<Cell> append(const RowHeader& header) {
    headers_.push_back(header);
    cells_.resize(cells_.size() + columns_.size());
    return row(headers_.size() - 1);
  }
  /// Takes the last row back.
  void drop_last() {
    assert(!headers_.empty());
    headers_.pop_back();
    cells_.resize(cells_.size() - columns_.size());
  }
  /// Takes every row back for which `wanted(row index)` is false, in the rows' order; returns how many.
  template <typename Wanted> std::size_t keep_if(Wanted wanted) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < headers_.size(); ++i) {
      if (!wanted(i)) {
        continue;
      }
      if (kept != i) {
        headers_[kept] = headers_[i];
        std::copy_n(cells_.begin() + static_cast<std::ptrdiff_t>(i * columns_.size()), columns_.size(),
                    cells_.begin() + static_cast<std::ptrdiff_t>(kept * columns_.size()));
      }
      ++kept;
    }
    const std::size_t dropped = headers_.size() - kept;
    headers_.resize(kept);
    cells_.resize(kept * columns_.size());
    return dropped;
  }

  [[nodiscard]] std::size_t size() const noexcept { return headers_.size(); }
  [[nodiscard]] std::span<const std::uint16_t> columns() const noexcept { return columns_; }
  [[nodiscard]] RowHeader& header(std::size_t index) noexcept { return headers_[index]; }
  [[nodiscard]] const RowHeader& header(std::size_t index) const noexcept { return headers_[index]; }
  [[nodiscard]] std::span<Cell> row(std::size_t index) noexcept {
    return {cells_.data() + index * columns_.size(), columns_.size()};
  }
  [[nodiscard]] std::span<const Cell> row(std::size_t index) const noexcept {
    return {cells_.data() + index * columns_.size(), columns_.size()};
  }
  [[nodiscard]] TextArena& arena() noexcept { return arena_; }

private:
  std::vector<std::uint16_t> columns_;
  std::vector<RowHeader> headers_;
  std::vector<Cell> cells_;
  TextArena arena_;
};

} // namespace dovetail::mapping
