// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dovetail::cli {

enum class Format : std::uint8_t { table, json, jsonl, csv };
[[nodiscard]] std::optional<Format> format_from_name(std::string_view name) noexcept;

/// JSON that is known to be valid.
struct RawJson {
  std::string text;
};

/// One value of a row; nullptr is null.
using Cell = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, RawJson>;

struct Column {
  std::string name;    ///< snake_case: key in JSON and CSV, heading (in words) of a table
  bool number = false; ///< aligned to the right
};

struct TableStyle {
  std::size_t width = 0; ///< columns of the terminal; 0: no bound
  bool color = false;    ///< headings stand out
};

/// Writes rows in one form. Not thread-safe. finish() is called once, after the last row.
///
/// table  aligned columns; the widest texts are clipped until a line fits the terminal; texts are made printable
/// json   one array of objects
/// jsonl  one object a line
/// csv    RFC 4180 with a heading; null is an empty field, an empty text is "" in quotes
class RowWriter {
public:
  RowWriter() = default;
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;
  RowWriter(RowWriter&&) = delete;
  RowWriter& operator=(RowWriter&&) = delete;
  virtual ~RowWriter() = default;

  /// As many cells as there are columns.
  virtual void row(const std::vector<Cell>& cells) = 0;
  virtual void finish() = 0;
};

/// Rows that a table looks at before it decides on the widths of its columns; later rows are clipped to those.
inline constexpr std::size_t table_sample_rows = 1000;

/// `out` must outlive the writer.
[[nodiscard]] std::unique_ptr<RowWriter> make_row_writer(Format format, std::vector<Column> columns, std::ostream& out,
                                                         const TableStyle& style);

} // namespace dovetail::cli
