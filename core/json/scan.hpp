// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/json/kind.hpp"

/// Looking at single values of a large JSON text without making a tree of it. What is not asked for is skipped, not parsed: on text
/// that `check` (check.hpp) has not passed, a broken place that is skipped may go unnoticed. Nothing outside the text is ever read, and
/// nesting beyond limits::max_json_depth is an error. Of members with one name the first counts.
namespace dovetail::json {

/// What stands at a place of the text.
struct Found {
  Kind kind = Kind::missing;
  std::string_view raw; ///< the value as it stands in the text, strings with their quotes; lives as long as the text
  std::int64_t integer =
      0; ///< of an integer its value; of a boolean 0 or 1; of an array or object the number of elements or members
  double real = 0; ///< of a number its value, infinite where a double cannot hold it
};

/// The value at a JSON pointer; kind `missing` when nothing stands there. Errors (invalid_argument): a malformed pointer, broken JSON on the way.
[[nodiscard]] Result<Found> find_at(std::string_view text, std::string_view pointer);

/// Several JSON pointers made ready to be looked up in one pass. Immutable; safe for concurrent use.
class PointerSet {
public:
  /// Error (invalid_argument) for a malformed pointer and for more than 1024 of them.
  [[nodiscard]] static Result<PointerSet> compile(std::span<const std::string_view> pointers);

  PointerSet(PointerSet&&) noexcept;
  PointerSet& operator=(PointerSet&&) noexcept;
  PointerSet(const PointerSet&) = delete;
  PointerSet& operator=(const PointerSet&) = delete;
  ~PointerSet();

  [[nodiscard]] std::size_t size() const noexcept;

  struct Trie;
  [[nodiscard]] const Trie& trie() const noexcept { return *trie_; }

private:
  explicit PointerSet(std::unique_ptr<Trie> trie) noexcept;
  std::unique_ptr<Trie> trie_;
};

/// Called with the index of an element and, for each pointer of the set in its order, what stands there. Returns false to stop.
using ElementVisitor = std::function<bool(std::size_t index, std::span<const Found> values)>;

/// Visits each element of the array at `array_pointer`, in one pass; the set's pointers are relative to the element. Errors: not_found
/// when nothing stands at `array_pointer`, invalid_argument when it is no array or the JSON is broken (elements before that place
/// have been visited).
[[nodiscard]] Status for_each(std::string_view text, std::string_view array_pointer, const PointerSet& pointers,
                              const ElementVisitor& visit);

/// Called with the unescaped name and the index of a member and, for each pointer of the set, what stands there below the member's value.
/// The name lives until it returns. Returns false to stop.
using MemberVisitor = std::function<bool(std::string_view name, std::size_t index, std::span<const Found> values)>;

/// The same as for_each for the members of the object at `object_pointer`; members of one name are all visited.
[[nodiscard]] Status for_each_member(std::string_view text, std::string_view object_pointer, const PointerSet& pointers,
                                     const MemberVisitor& visit);

/// The same set over one text: values[i] is what stands at the i-th pointer. `values` has the set's size.
[[nodiscard]] Status find_all(std::string_view text, const PointerSet& pointers, std::span<Found> values);

/// The text of a JSON string given with its quotes: a view into `raw` where nothing is escaped, else into `scratch`, which is
/// overwritten. Error (invalid_argument) for a broken escape. Precondition: raw begins and ends with a quote.
[[nodiscard]] Result<std::string_view> unescape(std::string_view raw, std::string& scratch);

} // namespace dovetail::json
