// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "core/json/kind.hpp"

namespace dovetail::json {

namespace detail {
struct Access;
}

/// A view of one value of a Document: two pointers, copied freely, valid as long as the Document lives. A value that is not
/// there is a Value too, of kind `missing`; looking below it gives `missing` again. Safe for concurrent use.
class Value {
public:
  struct Member;
  class ElementIterator;
  class MemberIterator;
  template <typename Iterator> struct Range {
    Iterator first;
    Iterator last;
    [[nodiscard]] Iterator begin() const { return first; }
    [[nodiscard]] Iterator end() const { return last; }
  };

  Value() = default;

  [[nodiscard]] Kind kind() const noexcept;
  [[nodiscard]] bool exists() const noexcept { return node_ != nullptr; }
  [[nodiscard]] bool is_null() const noexcept { return kind() == Kind::null; }
  [[nodiscard]] bool is_string() const noexcept { return kind() == Kind::string; }
  [[nodiscard]] bool is_array() const noexcept { return kind() == Kind::array; }
  [[nodiscard]] bool is_object() const noexcept { return kind() == Kind::object; }

  /// What stands here if it is of that kind, else nullopt. `as_double` takes integers too. Texts live as long as the Document.
  [[nodiscard]] std::optional<std::string_view> as_string() const noexcept;
  [[nodiscard]] std::optional<std::int64_t> as_int64() const noexcept;
  [[nodiscard]] std::optional<double> as_double() const noexcept;
  [[nodiscard]] std::optional<bool> as_bool() const noexcept;

  /// The number of elements or members; 0 for all else.
  [[nodiscard]] std::size_t size() const noexcept;
  /// The member of that name (the first one), the element at that index, or a missing Value.
  [[nodiscard]] Value operator[](std::string_view name) const noexcept;
  template <std::size_t size> [[nodiscard]] Value operator[](const char (&name)[size]) const noexcept {
    return (*this)[std::string_view(name)];
  }
  [[nodiscard]] Value operator[](std::size_t index) const noexcept;
  /// What stands at a JSON pointer (RFC 6901) below this value; "" is this value. Missing also when the pointer is malformed.
  [[nodiscard]] Value at(std::string_view pointer) const;

  /// The elements of an array and the members of an object, in their order; empty for all else.
  [[nodiscard]] Range<ElementIterator> elements() const noexcept;
  [[nodiscard]] Range<MemberIterator> members() const noexcept;

  /// Typed look-up at a pointer below this value. The Error (invalid_argument) names the pointer from the document's root, what
  /// was expected and what stands there.
  [[nodiscard]] Result<std::string_view> get_string(std::string_view pointer = "") const;
  [[nodiscard]] Result<std::int64_t> get_int64(std::string_view pointer = "") const;
  [[nodiscard]] Result<double> get_double(std::string_view pointer = "") const;
  [[nodiscard]] Result<bool> get_bool(std::string_view pointer = "") const;
  [[nodiscard]] Result<Value> get_array(std::string_view pointer = "") const;
  [[nodiscard]] Result<Value> get_object(std::string_view pointer = "") const;

  /// What stands at the pointer if it is of that kind, else `otherwise`.
  [[nodiscard]] std::string_view string_or(std::string_view pointer, std::string_view otherwise) const;
  [[nodiscard]] std::int64_t int64_or(std::string_view pointer, std::int64_t otherwise) const;
  [[nodiscard]] bool bool_or(std::string_view pointer, bool otherwise) const;

  /// Whether both show the same place of the same document.
  [[nodiscard]] bool is(const Value& other) const noexcept { return node_ == other.node_; }

  /// Where this value stands in its document, as a JSON pointer; "" for the root and for a missing value. Searches the document:
  /// for messages only.
  [[nodiscard]] std::string pointer() const;

  /// The value as compact JSON, members in their order.
  [[nodiscard]] std::string dump() const;
  /// The same for people: two spaces a level.
  [[nodiscard]] std::string dump_pretty() const;
  /// Compact JSON with the members of each object sorted by their names' bytes: equal values give equal texts, for hashing and
  /// comparing. 1 and 1.0 differ. Of members with one name the first counts.
  [[nodiscard]] std::string dump_canonical() const;

  /// Same kind and content; the order of members does not matter.
  [[nodiscard]] friend bool operator==(const Value& left, const Value& right) {
    return left.dump_canonical() == right.dump_canonical();
  }

private:
  friend struct detail::Access;
  Value(const void* root, const void* node) noexcept : root_(root), node_(node) {}

  [[nodiscard]] Error mismatch(std::string_view pointer, Value found, std::string_view expected) const;

  const void* root_ = nullptr;
  const void* node_ = nullptr;
};

struct Value::Member {
  std::string_view name;
  Value value;
};

class Value::ElementIterator {
public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Value;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = Value;

  ElementIterator(const Value& array, std::size_t index) noexcept : array_(array), index_(index) {}
  [[nodiscard]] Value operator*() const noexcept { return array_[index_]; }
  ElementIterator& operator++() noexcept {
    ++index_;
    return *this;
  }
  [[nodiscard]] friend bool operator==(const ElementIterator& left, const ElementIterator& right) noexcept {
    return left.index_ == right.index_;
  }

private:
  Value array_;
  std::size_t index_;
};

class Value::MemberIterator {
public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Member;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = Member;

  MemberIterator(const Value& object, std::size_t index) noexcept : object_(object), index_(index) {}
  [[nodiscard]] Member operator*() const noexcept;
  MemberIterator& operator++() noexcept {
    ++index_;
    return *this;
  }
  [[nodiscard]] friend bool operator==(const MemberIterator& left, const MemberIterator& right) noexcept {
    return left.index_ == right.index_;
  }

private:
  Value object_;
  std::size_t index_;
};

enum class DuplicateNames : std::uint8_t {
  refuse,    ///< two members of one name in an object are an error
  keep_first ///< allowed; look-ups find the first
};

struct ParseOptions {
  std::size_t max_bytes = limits::max_manifest_bytes;
  std::size_t max_depth = limits::max_json_depth;
  DuplicateNames duplicates = DuplicateNames::refuse;
};

/// A parsed JSON text and the owner of all that its Values show. For manifests, configs, mappings and other small texts: a
/// provider's page is never made a Document (see scan.hpp). Movable; Values stay valid when the Document moves.
class Document {
public:
  /// Copies and reads `text`; a UTF-8 byte order mark before it is skipped. Errors: resource_exhausted when it is longer than
  /// allowed, else invalid_argument with line, column and reason: no JSON, not UTF-8, nested too deeply, a name twice, a number
  /// beyond what a double holds.
  [[nodiscard]] static Result<Document> parse(std::string_view text, const ParseOptions& options = {});

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  ~Document();

  [[nodiscard]] Value root() const noexcept;

private:
  struct State;
  explicit Document(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

} // namespace dovetail::json
