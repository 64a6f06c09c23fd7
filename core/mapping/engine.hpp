// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/mapping/page_mapper.hpp"
#include "core/mapping/program.hpp"

// What the engines share beside RowBuilder.

namespace dovetail::mapping {

/// Why a page is refused.
enum class Fault : std::uint8_t {
  syntax,
  truncated,
  too_deep,
  utf8,
  no_records,
  too_many,
  too_large,
  bad_pointer,
  oracle_number
};
[[nodiscard]] Error page_error(Fault fault, std::size_t offset, std::string_view records_pointer);

/// True if all of [p, end) is well-formed UTF-8; on the best kernel. 64 more bytes may be read behind it.
[[nodiscard]] bool page_is_utf8(const char* p, const char* end) noexcept;
[[nodiscard]] bool is_utf8_sse2(const char* p, const char* end) noexcept;
[[nodiscard]] bool is_utf8_avx2(const char* p, const char* end) noexcept;

/// The step of a JSON pointer, still escaped, names this member.
[[nodiscard]] bool is_step(std::string_view step, std::string_view name) noexcept;

/// A walk's record of what it skipped, for the differential tests; here the one that records nothing.
struct NoTrace {
  void value(const char*, const char*) noexcept {} ///< a value, or what is in a container where a scalar was asked for
  void rest(const char*, const char*) noexcept {}  ///< all behind the last member or element that was asked for
  [[nodiscard]] std::size_t mark() const noexcept { return 0; }
  void drop(std::size_t) noexcept {} ///< forgets what came behind a mark
  void intersect(std::size_t, std::size_t) noexcept {
  } ///< of two walks over one value only what both skipped was skipped
};

[[nodiscard]] std::unique_ptr<PageMapper> make_portable_mapper(const Program& program, const Redactor* redactor);
[[nodiscard]] std::unique_ptr<PageMapper> make_sse2_mapper(const Program& program, const Redactor* redactor);
[[nodiscard]] std::unique_ptr<PageMapper> make_avx2_mapper(const Program& program, const Redactor* redactor);
[[nodiscard]] std::unique_ptr<PageMapper> make_rapidjson_mapper(const Program& program, const Redactor* redactor);

} // namespace dovetail::mapping
