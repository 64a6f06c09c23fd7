// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/document.hpp"
#include "core/model/model.hpp"

namespace dovetail::mapping {

/// The bounds of one mapping. What exceeds them is refused when the mapping is read, with the name of the bound.
inline constexpr std::size_t max_fields = 256;
inline constexpr std::size_t max_pointer_bytes = 1024;
inline constexpr std::size_t max_pointer_depth = 32;
inline constexpr std::size_t max_enum_entries = 1024;
inline constexpr std::size_t max_parts = 32; ///< of one concat or firstOf
inline constexpr std::size_t max_expression_depth = 4;
inline constexpr std::size_t max_literal_bytes = 4096;
/// A concat that grows past this does not convert.
inline constexpr std::size_t max_concat_bytes = 64U << 10U;

/// A JSON scalar that stands in a mapping or comes with a page.
struct Scalar {
  enum class Kind : std::uint8_t { null, boolean, number, string };
  Kind kind = Kind::null;
  std::string text; ///< the string's content, the number as written, "true" or "false"; empty for null
};

/// How a JSON number becomes a timestamp. Texts are ISO 8601 always.
enum class TimeFormat : std::uint8_t { iso8601, epoch_s, epoch_ms };

/// Where a value comes from.
struct Expression {
  enum class Kind : std::uint8_t { pointer, page_constant, literal, find, concat, first_of };
  Kind kind = Kind::literal;
  std::string pointer;                 ///< pointer: below the record; find: of the array
  std::string name;                    ///< page_constant
  std::string where;                   ///< find: pointer below an element
  std::string equals;                  ///< find: the text that must stand there; the first element that has it counts
  std::string take;                    ///< find: pointer below that element
  std::optional<std::string> embedded; ///< pointer and find: a pointer into the JSON document that the found text holds
  Scalar literal;                      ///< literal
  std::vector<Expression> parts;       ///< concat: null if any is null; first_of: the first that is not null
};

/// One column of the model.
struct FieldMapping {
  std::string field;
  Expression from;
  TimeFormat format = TimeFormat::iso8601;
  std::vector<std::pair<std::string, Scalar>> enum_entries; ///< text at the source -> value here
  std::optional<Scalar> enum_default; ///< for texts that the entries lack; without one they do not convert
  bool keep_unknown = false;          ///< instead of a default: a text that the entries lack stays as it came
};

/// A condition on a record.
struct RecordRule {
  Expression from;
  std::vector<Scalar> equals; ///< any of them
  bool when_present = false;  ///< instead: anything but null stands there
  bool empty_is_null = false; ///< the empty text counts as null
};

/// A mapping as a manifest or an override states it (SYNC-2, SYNC-3), not yet tied to a model. A value.
struct Mapping {
  std::string model;
  Expression external_id;
  std::optional<FieldMapping> source_updated_at;
  std::optional<RecordRule> inactive_when; ///< the provider says that the record is archived or deleted (SYNC-7)
  /// The record says no more than that what it names is gone: the row's fields are kept (SYNC-7).
  std::optional<RecordRule> gone_when;
  std::vector<RecordRule> child_when; ///< if any holds, the record is a child and is left out (SYNC-6)
  std::vector<FieldMapping> fields;

  /// Reads the JSON form (docs/reference/mapping.md). The Error (invalid_argument) names the JSON pointer of what is wrong
  /// in the document that `spec` belongs to, and what may stand there.
  [[nodiscard]] static Result<Mapping> parse(const json::Value& spec);
  /// Leaves out every record that is a child of another (SYNC-6): anything but null or the empty text stands at the JSON pointer
  /// `parent_key`, or `predicate` holds: an object with "from", a JSON pointer, and perhaps "equals", a scalar or an array of
  /// them; without it anything but null or the empty text counts. Errors as parse().
  [[nodiscard]] Status leave_out_children(std::string_view parent_key, const json::Value& predicate);
};

struct Program;

/// A mapping made ready for a model: a path trie and one conversion per column. Immutable; safe to share between threads.
class CompiledMapping {
public:
  CompiledMapping(CompiledMapping&&) noexcept;
  CompiledMapping& operator=(CompiledMapping&&) noexcept;
  CompiledMapping(const CompiledMapping&) = delete;
  CompiledMapping& operator=(const CompiledMapping&) = delete;
  ~CompiledMapping();

  /// For each cell of a row the index of its field in the model, ascending.
  [[nodiscard]] std::span<const std::uint16_t> columns() const noexcept;
  /// Changes with everything that changes what rows come out: part of each row's content hash. The same mapping for the same
  /// model has the same signature in every process.
  [[nodiscard]] std::uint64_t signature() const noexcept;
  /// The JSON pointers into the record that are read, sorted, each once (of a find: the array).
  [[nodiscard]] const std::vector<std::string>& source_paths() const noexcept;
  /// The engines' own form.
  [[nodiscard]] const Program& program() const noexcept { return *program_; }

private:
  friend Result<CompiledMapping> compile(const Mapping& mapping, const model::Model& model);
  explicit CompiledMapping(std::unique_ptr<const Program> program) noexcept;

  std::unique_ptr<const Program> program_;
};

/// Ties `mapping` to `model`. The Error (invalid_argument) names the field and what to change: another model, an unknown field,
/// a literal or an enum's value that the column cannot hold, a bound exceeded.
[[nodiscard]] Result<CompiledMapping> compile(const Mapping& mapping, const model::Model& model);

} // namespace dovetail::mapping
