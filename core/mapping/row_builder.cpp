// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/row_builder.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/mapping/convert.hpp"
#include "core/mapping/hash.hpp"

namespace dovetail::mapping {
namespace {

using Type = RawValue::Type;

constexpr std::size_t first_seen_slots = 256; // a power of two

/// The longest prefix of at most `size` bytes that does not cut a UTF-8 character.
std::string_view cut(std::string_view text, std::size_t size) {
  if (text.size() <= size) {
    return text;
  }
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
    --size;
  }
  return text.substr(0, size);
}

} // namespace

void RowBuilder::begin_page(std::span<const Constant> constants, PageRows& out) {
  rows_ = &out;
  out.reset(program_.columns);
  stats_ = {};
  slots_.assign(program_.slot_count, RawValue());
  for (const PageConstantSlot& wanted : program_.page_constants) {
    for (const Constant& constant : constants) {
      if (constant.name == wanted.name) {
        slots_[wanted.slot] = to_raw(constant.kind, constant.text);
        break;
      }
    }
  }
  std::fill(seen_.begin(), seen_.end(), 0);
}

void RowBuilder::begin_record() noexcept {
  std::fill_n(slots_.begin(), program_.record_slots, RawValue());
  ++stats_.records;
}

RawValue RowBuilder::value_of(const Source& source) {
  switch (source.kind) {
  case Expression::Kind::pointer:
  case Expression::Kind::find:
  case Expression::Kind::page_constant:
    return slots_[source.slot];
  case Expression::Kind::literal:
    return source.literal;
  case Expression::Kind::concat:
    return concat(source);
  case Expression::Kind::first_of:
    for (std::uint16_t i = 0; i < source.part_count; ++i) {
      const RawValue value = value_of(program_.sources[static_cast<std::size_t>(source.parts + i)]);
      if (!value.is_null()) {
        return value;
      }
    }
    break;
  }
  return {};
}

RawValue RowBuilder::concat(const Source& source) {
  std::array<std::string_view, max_parts> texts;
  std::size_t size = 0;
  for (std::uint16_t i = 0; i < source.part_count; ++i) {
    const RawValue value = value_of(program_.sources[static_cast<std::size_t>(source.parts + i)]);
    const auto text = scalar_text(value);
    if (!text) {
      return value; // null, or what does not convert
    }
    texts.at(i) = *text;
    size += text->size();
  }
  if (size > max_concat_bytes) {
    return {Type::too_long, {}};
  }
  char* const begin = rows_->arena().allocate(size);
  char* end = begin;
  for (std::uint16_t i = 0; i < source.part_count; ++i) {
    end = std::copy(texts.at(i).begin(), texts.at(i).end(), end);
  }
  return {Type::string, {begin, size}};
}

Cell RowBuilder::enum_cell(const Target& target, const RawValue& value) {
  const auto text = scalar_text(value);
  if (!text) {
    report(target.name, target.secret, "no single text for the enum to look up", value);
    return {};
  }
  const auto found = std::lower_bound(target.enum_entries.begin(), target.enum_entries.end(), *text,
                                      [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  if (found != target.enum_entries.end() && found->first == *text) {
    return found->second;
  }
  if (target.keep_unknown) {
    return plain_cell(target, value);
  }
  if (!target.has_default) {
    report(target.name, target.secret, "the enum lacks this text and has no default", value);
  }
  return target.fixed; // null without a default
}

Cell RowBuilder::cell_of(const Target& target) {
  if (target.constant) {
    return target.fixed;
  }
  const RawValue value = value_of(target.source);
  if (value.is_null()) {
    return {};
  }
  return target.has_enum ? enum_cell(target, value) : plain_cell(target, value);
}

Cell RowBuilder::plain_cell(const Target& target, const RawValue& value) {
  const Converted converted = convert(value, target.type, target.format, rows_->arena());
  if (!converted.problem.empty()) {
    report(target.name, target.secret, converted.problem, value);
  }
  return converted.cell;
}

bool RowBuilder::holds(const Condition& condition) {
  const RawValue value = value_of(condition.source);
  if (value.is_null() || (condition.empty_is_null && value.type == Type::string && value.size == 0)) {
    return !condition.when_present && std::any_of(condition.equals.begin(), condition.equals.end(),
                                                  [](const Scalar& one) { return one.kind == Scalar::Kind::null; });
  }
  if (condition.when_present) {
    return true;
  }
  const auto text = scalar_text(value);
  if (!text) {
    report(condition.name, false, "no single value to compare", value);
    return false;
  }
  return std::any_of(condition.equals.begin(), condition.equals.end(), [&](const Scalar& one) {
    return to_raw(one.kind, one.text).type == value.type && one.text == *text;
  });
}

bool RowBuilder::is_child() {
  return std::any_of(program_.children.begin(), program_.children.end(),
                     [this](const Condition& condition) { return holds(condition); });
}

std::string_view RowBuilder::external_id() {
  const RawValue value = value_of(program_.external_id);
  if (value.is_null()) {
    report("externalId", false, "missing, so the record has no row", value);
    return {};
  }
  const auto text = scalar_text(value);
  if (!text || text->empty()) {
    report("externalId", false, "no usable text or number, so the record has no row", value);
    return {};
  }
  if (text->size() > limits::max_external_id_bytes) {
    report("externalId", false, "longer than 512 bytes, so the record has no row", value);
    return {};
  }
  return *text;
}

void RowBuilder::end_record() {
  // Before all else: what is wrong with a record that nobody wants is nobody's concern.
  if (is_child()) {
    ++stats_.children;
    return;
  }
  RowHeader header;
  header.external_id = external_id();
  if (header.external_id.empty()) {
    ++stats_.failed;
    return;
  }
  if (program_.has_source_updated_at) {
    const Cell cell = cell_of(program_.source_updated_at);
    if (!cell.is_null()) {
      header.source_updated_at = cell.as_timestamp();
    }
  }
  header.inactive = program_.inactive && holds(*program_.inactive);
  header.gone = program_.gone && holds(*program_.gone);
  header.external_id_hash = hash_text(header.external_id);
  const std::span<Cell> cells = rows_->append(header);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] = cell_of(program_.targets[i]);
  }
  const std::size_t row = rows_->size() - 1;
  rows_->header(row).content_hash = hash_row(row);
  keep_last(header.external_id_hash);
}

void RowBuilder::keep_last(std::uint64_t id_hash) {
  const std::size_t last = rows_->size() - 1;
  if (rows_->size() * 2 > seen_.size()) {
    std::vector<std::uint32_t> grown(std::max(first_seen_slots, seen_.size() * 2), 0);
    for (std::size_t row = 0; row < last; ++row) {
      std::size_t at = rows_->header(row).external_id_hash;
      while (grown[at & (grown.size() - 1)] != 0) {
        ++at;
      }
      grown[at & (grown.size() - 1)] = static_cast<std::uint32_t>(row + 1);
    }
    seen_ = std::move(grown);
  }
  for (std::size_t at = id_hash;; ++at) {
    std::uint32_t& entry = seen_[at & (seen_.size() - 1)];
    if (entry == 0) {
      entry = static_cast<std::uint32_t>(last + 1);
      return;
    }
    const std::size_t row = entry - 1;
    if (rows_->header(row).external_id_hash == id_hash &&
        rows_->header(row).external_id == rows_->header(last).external_id) {
      // As if they were written one after the other: the later record stands, in the earlier one's place.
      rows_->header(row) = rows_->header(last);
      std::copy(rows_->row(last).begin(), rows_->row(last).end(), rows_->row(row).begin());
      rows_->drop_last();
      ++stats_.duplicates;
      return;
    }
  }
}

std::uint64_t RowBuilder::hash_row(std::size_t row) {
  const RowHeader& header = rows_->header(row);
  const std::span<const Cell> cells = static_cast<const PageRows&>(*rows_).row(row);
  constexpr std::size_t fixed_bytes = 16; // of one cell: its kind, its size, and its content if that has a fixed size
  std::size_t size = fixed_bytes * (cells.size() + 2);
  for (const Cell& cell : cells) {
    if (cell.kind() == Cell::Kind::text || cell.kind() == Cell::Kind::json) {
      size += cell.as_text().size();
    }
  }
  if (scratch_.size() < size) {
    scratch_.resize(size);
  }
  char* end = scratch_.data();
  const auto put = [&end](std::uint64_t kind, std::uint64_t content) {
    std::memcpy(end, &kind, 8);
    std::memcpy(end + 8, &content, 8);
    end += fixed_bytes;
  };
  put((header.inactive ? 1U : 0U) | (header.gone ? 2U : 0U), header.source_updated_at ? 1 : 0);
  put(0,
      header.source_updated_at ? static_cast<std::uint64_t>(header.source_updated_at->time_since_epoch().count()) : 0);
  for (const Cell& cell : cells) {
    const auto kind = static_cast<std::uint64_t>(cell.kind());
    switch (cell.kind()) {
    case Cell::Kind::null:
      put(kind, 0);
      break;
    case Cell::Kind::real:
      put(kind, std::bit_cast<std::uint64_t>(cell.as_real()));
      break;
    case Cell::Kind::text:
    case Cell::Kind::json: {
      const std::string_view text = cell.as_text();
      put(kind, text.size());
      end = std::copy(text.begin(), text.end(), end);
      break;
    }
    default:
      put(kind, static_cast<std::uint64_t>(cell.as_integer()));
    }
  }
  return hash_text({scratch_.data(), static_cast<std::size_t>(end - scratch_.data())}, program_.signature);
}

void RowBuilder::report(std::string_view field, bool secret, std::string_view problem, const RawValue& value) {
  auto found = std::find_if(stats_.errors.begin(), stats_.errors.end(),
                            [&](const FieldErrors& one) { return one.field == field; });
  if (found == stats_.errors.end()) {
    found = stats_.errors.insert(stats_.errors.end(), FieldErrors{std::string(field), 0, {}});
  }
  ++found->count;
  if (found->samples.size() >= max_samples) {
    return;
  }
  std::string sample(problem);
  if (!value.is_null() && value.size != 0) {
    sample += ": ";
    if (secret || redactor_ == nullptr || redactor_->is_secret_name(field)) {
      sample += redacted_mark;
    } else {
      // Redacted before it is cut, or half a secret would slip through; what lies far behind the cut need not be looked at.
      constexpr std::size_t looked_at = 16U << 10U;
      sample += redactor_->redact(cut(value.text(), looked_at));
    }
  }
  found->samples.emplace_back(cut(sample, max_sample_bytes));
}

PageStats RowBuilder::take_stats() {
  stats_.rows = rows_->size();
  return std::move(stats_);
}

} // namespace dovetail::mapping
