// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/json/document.hpp"

namespace dovetail::json {

/// One thing that is wrong with a document, for people.
struct Problem {
  std::string pointer; ///< where, from the document's root; "" is the whole document
  std::string message; ///< what was expected and what stands there

  /// "`pointer`: `message`", with "(document)" for the root.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Problem&, const Problem&) = default;
};

/// Whether a message may repeat what stands in the document. Never for what a person may have put a secret into by mistake.
enum class ShowValues : std::uint8_t { no, yes };

/// A JSON Schema (draft 7), ready to check documents. Immutable; safe for concurrent use.
///
/// Beyond draft 7 it knows one keyword, "x-expected": a phrase that replaces the generated one in messages about that value,
/// e.g. "a snake_case name". References lead only within the schema's own document ("#/definitions/..."). The pattern matcher of
/// the standard library recurses as deep as a text is long, so a schema with patterns refuses documents that hold a text
/// (or a name) of more than max_matched_bytes.
class Schema {
public:
  static constexpr std::size_t max_matched_bytes = 4096;
  static constexpr std::size_t max_problems = 50; ///< more of one document are not told

  /// Errors (invalid_argument): no valid schema, a reference that leads nowhere, outwards or back to itself, a pattern that does not compile.
  [[nodiscard]] static Result<Schema> compile(const Value& schema);
  /// Of a schema's text. Takes as long as checking a large document: whoever needs the same schema again keeps it. Errors: also those of
  /// Document::parse().
  [[nodiscard]] static Result<Schema> compile_text(std::string_view text);

  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;
  ~Schema();

  /// The schema itself. Lives as long as this.
  [[nodiscard]] Value root() const;
  /// Everything that is wrong with `value`, in the order of the pointers; empty when it conforms. Pointers are relative to `value`.
  [[nodiscard]] std::vector<Problem> validate(const Value& value, ShowValues show = ShowValues::yes) const;

private:
  struct State;
  explicit Schema(std::unique_ptr<const State> state) noexcept;
  [[nodiscard]] static Result<Schema> compile_document(Document document);
  std::unique_ptr<const State> state_;
};

} // namespace dovetail::json
