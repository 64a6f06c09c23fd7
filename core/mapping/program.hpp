// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mapping/mapping.hpp"
#include "core/mapping/page_rows.hpp"

// What a mapping compiles to; shared by the engines, no part of the module's interface.
//
// Every distinct place that is read has a slot. An engine walks the trie of nodes along a record and puts a RawValue into the
// slots of what it meets; RowBuilder then converts slots to cells. Three things make the walk more than a trie of names: a node
// can be an array that is searched (Find), a string whose content is a document of its own (Node::embedded), or wanted as text.

namespace dovetail::mapping {

inline constexpr std::uint16_t none = 0xFFFF;

/// What an engine found at a place. `text` is a view into the page or the arena.
struct RawValue {
  enum class Type : std::uint8_t {
    missing,
    null,
    false_,
    true_,
    number, ///< as written
    string, ///< unescaped
    object, ///< a container where a scalar is wanted; `text` is its source, unchecked
    array,
    json,         ///< any value, as compact JSON that was checked
    nul_text,     ///< a string that holds U+0000, which no column takes
    nul_json,     ///< the same inside of JSON
    no_document,  ///< an embedded document was wanted, but the value is no string
    bad_document, ///< an embedded document that is not JSON; `text` is the string
    too_long      ///< a concat beyond max_concat_bytes
  };

  const char* data = nullptr;
  std::uint32_t size = 0;
  Type type = Type::missing;

  RawValue() = default;
  RawValue(Type of_type, std::string_view text) noexcept
      : data(text.data()), size(static_cast<std::uint32_t>(text.size())), type(of_type) {}
  [[nodiscard]] std::string_view text() const noexcept { return {data, size}; }
  [[nodiscard]] bool is_null() const noexcept { return type == Type::missing || type == Type::null; }
};

/// The first and the last eight bytes of a name (fewer, then zeros): with its size they tell names of up to 16 bytes apart.
struct KeyBytes {
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
};

/// Precondition: at least 8 bytes may be read at `data`.
[[nodiscard]] inline KeyBytes key_bytes(const char* data, std::size_t size) noexcept {
  KeyBytes bytes;
  std::memcpy(&bytes.head, data, 8);
  if (size >= 8) {
    std::memcpy(&bytes.tail, data + size - 8, 8);
  } else {
    bytes.head = size == 0 ? 0 : bytes.head << (64 - 8 * size) >> (64 - 8 * size); // little-endian
    bytes.tail = bytes.head;
  }
  return bytes;
}

[[nodiscard]] inline std::uint64_t key_hash(const KeyBytes& bytes, std::size_t size) noexcept {
  constexpr std::uint64_t spread = 0x9E3779B97F4A7C15U;
  return (bytes.head ^ (bytes.tail << 31U | bytes.tail >> 33U) ^ size) * spread;
}

/// One entry of a node's hash table of names.
struct KeyEntry {
  KeyBytes bytes;
  const char* data = nullptr; ///< the whole name
  std::uint32_t size = 0;
  std::uint16_t node = none; ///< none: the entry is free
};

struct ArrayEntry {
  std::uint32_t index = 0;
  std::uint16_t node = none;
};

struct Node {
  std::uint16_t scalar_slot = none;
  std::uint16_t json_slot = none;
  std::uint16_t embedded = none;  ///< the root node of the document that this string holds
  std::uint16_t member_count = 0; ///< names asked for
  std::uint32_t keys = 0;         ///< begin of its hash table in Program::keys
  std::uint32_t key_shift = 0;    ///< 64 - log2 of the table's size
  std::uint32_t key_mask = 0;     ///< size - 1; the table is never full
  std::uint32_t elements = 0;     ///< begin in Program::elements, ascending by index
  std::uint16_t element_count = 0;
  std::uint16_t finds = 0; ///< begin in Program::finds
  std::uint16_t find_count = 0;
  std::uint16_t where_root = none; ///< the trie that reads what all the finds compare

  [[nodiscard]] bool reads_object() const noexcept { return member_count != 0; }
  [[nodiscard]] bool reads_array() const noexcept { return element_count != 0 || find_count != 0; }
};

/// The finds over one array that compare one place of an element.
struct Find {
  std::uint16_t where_slot = none;
  std::uint16_t cases = 0; ///< begin in Program::cases, sorted by text
  std::uint16_t case_count = 0;
};

struct FindCase {
  std::string equals;
  std::uint16_t root = none; ///< the trie that reads the element
};

/// What is computed from slots.
struct Source {
  Expression::Kind kind = Expression::Kind::literal;
  std::uint16_t slot = none; ///< pointer, find, page_constant
  RawValue literal;          ///< views into Program::texts
  std::uint16_t parts = 0;   ///< begin in Program::sources
  std::uint16_t part_count = 0;
};

/// What a column takes, or one of the three special fields.
struct Target {
  std::string name;
  Source source;
  model::FieldType type = model::FieldType::text;
  TimeFormat format = TimeFormat::iso8601;
  bool secret = false;   ///< values do not go into samples
  bool constant = false; ///< the same for all records: `fixed`
  bool has_enum = false;
  bool has_default = false;
  bool keep_unknown = false;                              ///< what the enum lacks is converted as it is
  Cell fixed;                                             ///< constant's or the enum default's
  std::vector<std::pair<std::string, Cell>> enum_entries; ///< sorted by text
};

struct Condition {
  std::string name; ///< for reports
  Source source;
  std::vector<Scalar> equals;
  bool when_present = false;
  bool empty_is_null = false;
};

struct PageConstantSlot {
  std::string name;
  std::uint16_t slot = none;
};

struct Program {
  std::vector<Node> nodes; ///< nodes[0] is the record
  std::vector<KeyEntry> keys;
  std::vector<ArrayEntry> elements;
  std::vector<Find> finds;
  std::vector<FindCase> cases;
  std::vector<Source> sources;
  std::vector<std::unique_ptr<std::string>> texts; ///< names and literals, each followed by 8 readable bytes or more
  std::vector<PageConstantSlot> page_constants;
  /// For the root node of each embedded document the slots that it fills.
  std::vector<std::pair<std::uint16_t, std::vector<std::uint16_t>>> documents;

  std::uint16_t slot_count = 0;
  std::uint16_t record_slots = 0; ///< slots below this are the record's; those from here on are the page's constants

  std::vector<Target> targets; ///< one per column, in the columns' order
  std::vector<std::uint16_t> columns;
  Source external_id;
  Target source_updated_at; ///< name is empty when the mapping has none
  bool has_source_updated_at = false;
  std::optional<Condition> inactive;
  std::optional<Condition> gone;
  std::vector<Condition> children;

  std::uint64_t signature = 0;
  std::vector<std::string> source_paths;

  /// The node below `node` for a member's name; none if nobody asks for it. Precondition: 8 bytes may be read at `data`.
  [[nodiscard]] std::uint16_t find_member(const Node& node, const char* data, std::size_t size) const noexcept {
    const KeyBytes bytes = key_bytes(data, size);
    for (std::uint64_t at = key_hash(bytes, size) >> node.key_shift;; ++at) {
      const KeyEntry& entry = keys[node.keys + (at & node.key_mask)];
      if (entry.bytes.head == bytes.head && entry.bytes.tail == bytes.tail && entry.size == size &&
          (size <= 16 || std::memcmp(entry.data + 8, data + 8, size - 16) == 0)) {
        return entry.node; // of a free entry too: none
      }
      if (entry.node == none) {
        return none;
      }
    }
  }
  /// The case of `find` for a text; null if there is none.
  [[nodiscard]] const FindCase* find_case(const Find& find, std::string_view text) const noexcept;
};

} // namespace dovetail::mapping
