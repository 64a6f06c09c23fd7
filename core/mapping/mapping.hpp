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
};

/// When the provider says that a record is archived or deleted (SYNC-7).
struct InactiveRule {
  Expression from;
  std::vector<Scalar> equals; ///< any of them
  bool when_present = false;  ///< instead: anything but null stands there
};

/// A mapping as a manifest or an override states it (SYNC-2, SYNC-3), not yet tied to a model. A value.
struct Mapping {
  std::string model;
  Expression external_id;
  std::optional<FieldMapping> source_updated_at;
  std::optional<InactiveRule> inactive_when;
  std::vector<FieldMapping> fields;

  /// Reads the JSON form (docs/reference/mapping.md). The Error (invalid_argument) names the JSON pointer of what is wrong
  /// in the document that `spec` belongs to, and what may stand there.
  [[nodiscard]] static Result<Mapping> parse(const json::Value& spec);
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
