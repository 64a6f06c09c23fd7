// SPDX-License-Identifier: Apache-2.0
#include "core/sync/row_json.hpp"

#include <algorithm>
#include <chrono>

#include "core/base/time.hpp"
#include "core/json/writer.hpp"

namespace dovetail::sync {
namespace {

void write_cell(json::Writer& writer, const mapping::Cell& cell) {
  using Kind = mapping::Cell::Kind;
  switch (cell.kind()) {
  case Kind::null:
    writer.null();
    break;
  case Kind::integer:
    writer.integer(cell.as_integer());
    break;
  case Kind::real:
    writer.real(cell.as_real());
    break;
  case Kind::boolean:
    writer.boolean(cell.as_boolean());
    break;
  case Kind::timestamp:
    writer.string(format_iso8601(cell.as_timestamp()));
    break;
  case Kind::date:
    writer.string(format_iso8601(Timestamp(std::chrono::days(cell.as_integer()))).substr(0, 10));
    break;
  case Kind::text:
    writer.string(cell.as_text());
    break;
  case Kind::json:
    writer.raw(cell.as_text());
    break;
  }
}

} // namespace

std::string row_json(const model::Model& model, const mapping::PageRows& rows, std::size_t index,
                     const std::vector<std::pair<std::string, std::string>>& fields) {
  json::Writer writer;
  writer.begin_object().member("external_id", rows.header(index).external_id);
  const auto columns = rows.columns();
  for (const auto& [name, field] : fields) {
    writer.key(name);
    const auto wanted = model.index_of(field);
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&wanted](std::uint16_t column) { return wanted && column == *wanted; });
    if (found == columns.end()) {
      writer.null();
    } else {
      write_cell(writer, rows.row(index)[static_cast<std::size_t>(found - columns.begin())]);
    }
  }
  writer.end_object();
  return std::move(writer).take();
}

} // namespace dovetail::sync
