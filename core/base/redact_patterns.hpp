// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/secret.hpp"

namespace dovetail::redaction {

/// A stretch of a text that must not be shown: [begin, end). `quote` asks for quotes around the mark (a bare JSON value).
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool quote = false;
};

/// Byte strings to be found in texts. Each is hung up on a six-byte window of its own, chosen where few others hang, so that a
/// search is one pass with a hash probe at each position and at most `bucket_limit` comparisons of `piece_size` bytes after a hit.
/// Not thread-safe for `add`; safe for concurrent `find`.
class PatternSet {
public:
  static constexpr std::size_t shortest = 6;
  static constexpr std::size_t piece_size = 64;
  static constexpr std::size_t bucket_limit = 8;

  PatternSet();
  [[nodiscard]] bool contains(std::string_view pattern) const;
  /// Precondition: shortest <= pattern.size() <= piece_size.
  void add(std::string_view pattern);
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  void find(std::string_view text, std::vector<Span>& out) const;

private:
  struct Pattern {
    Secret bytes;
    std::size_t window = 0; // where the six bytes begin
  };
  void mark(std::uint64_t window);
  [[nodiscard]] bool maybe(std::uint64_t window) const noexcept;

  std::unordered_map<std::uint64_t, std::vector<Pattern>> buckets_;
  std::vector<std::uint64_t> filter_; // one bit a window, so that most positions cost one load
  std::size_t count_ = 0;
};

/// `text` with percent-encoding and JSON escapes undone once, and for each of its bytes where it came from (one more entry for the end).
struct Decoded {
  std::string text;
  std::vector<std::size_t> origin;
};
[[nodiscard]] Decoded decode_escapes(std::string_view text);

/// The texts under which `value` may show up: itself in pieces, with '+' for spaces, and as base64 (both alphabets) at each of the three
/// alignments, without the characters that depend on its neighbours.
[[nodiscard]] std::vector<std::string> disguises(std::string_view value);

} // namespace dovetail::redaction
