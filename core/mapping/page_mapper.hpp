// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/limits.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/mapping/mapping.hpp"
#include "core/mapping/page_rows.hpp"

namespace dovetail::mapping {

/// Bytes behind which limits::json_padding more may be read (their content does not matter).
struct PaddedBytes {
  const char* data = nullptr;
  std::size_t size = 0;
};

/// One value that the plugin gives to all records of a page, mapped as "$page/<name>". Views live until map() returns and as
/// long as the rows.
struct Constant {
  std::string_view name;
  Scalar::Kind kind = Scalar::Kind::string;
  std::string_view text; ///< as Scalar::text
};

/// The values of one column (or of "externalId", "sourceUpdatedAt", "inactiveWhen", "goneWhen", "hierarchy") that did not convert.
struct FieldErrors {
  std::string field;
  std::uint64_t count = 0;
  /// At most max_samples: why, and the value, cut to max_sample_bytes; "[redacted]" stands for the value of a PII field, of a
  /// field with a secret's name, and for every value where the mapper has no Redactor.
  std::vector<std::string> samples;
};
inline constexpr std::size_t max_samples = 3;
inline constexpr std::size_t max_sample_bytes = 120;

/// What became of one page. records = rows + null_rows + failed + duplicates + children.
struct PageStats {
  std::uint64_t records = 0;    ///< elements of the array (1 for a single record)
  std::uint64_t rows = 0;       ///< in PageRows
  std::uint64_t null_rows = 0;  ///< elements that were null
  std::uint64_t failed = 0;     ///< records without a usable external id
  std::uint64_t children = 0;   ///< records that the mapping leaves out as children of others (SYNC-6)
  std::uint64_t duplicates = 0; ///< records whose external id came again later in the page: the last one stands
  std::vector<FieldErrors> errors;
};

/// Runs a compiled mapping over pages. One thread at a time; the CompiledMapping must outlive it.
class PageMapper {
public:
  PageMapper() = default;
  PageMapper(const PageMapper&) = delete;
  PageMapper& operator=(const PageMapper&) = delete;
  PageMapper(PageMapper&&) = delete;
  PageMapper& operator=(PageMapper&&) = delete;
  virtual ~PageMapper() = default;

  /// Maps the records that stand at `records_pointer` of `body`: the elements of an array, or one record; null stands for no
  /// record. Resets `out` and fills it with one row per record, in the page's order. Values that do not convert are null in
  /// their row and counted. `body` is not changed; the rows hold views into it.
  /// Errors, with `out` empty: invalid_argument (the page is not JSON as docs/reference/mapping.md demands it, or nothing
  /// stands at the pointer), resource_exhausted (more than limits::max_records_per_page records).
  /// Allocates nothing once `out` and the mapper have grown to a page's size, but for the errors it reports.
  [[nodiscard]] virtual Result<PageStats> map(PaddedBytes body, std::string_view records_pointer,
                                              std::span<const Constant> constants, PageRows& out) = 0;
};

/// Which code reads the page. All give the same rows.
enum class EngineKind : std::uint8_t {
  trie,     ///< ours: the best kernel for this machine
  rapidjson ///< RapidJSON's SAX reader, in situ on a copy of the page: the oracle of the differential tests
};
[[nodiscard]] std::string_view to_string(EngineKind kind) noexcept;
[[nodiscard]] std::optional<EngineKind> engine_kind_from_name(std::string_view name) noexcept;

/// The instruction sets that the trie engine has code for, best last.
enum class Kernel : std::uint8_t { portable, sse2, avx2 };
[[nodiscard]] std::string_view to_string(Kernel kernel) noexcept;
/// The best one that this machine runs.
[[nodiscard]] Kernel best_kernel() noexcept;

/// `redactor`, when given, must outlive the mapper; samples of values pass through it.
[[nodiscard]] std::unique_ptr<PageMapper> make_page_mapper(const CompiledMapping& mapping,
                                                           EngineKind kind = EngineKind::trie,
                                                           const Redactor* redactor = nullptr);
/// The trie engine on a kernel of one's choice, for tests and benchmarks; null when this machine does not run it.
[[nodiscard]] std::unique_ptr<PageMapper> make_trie_mapper(const CompiledMapping& mapping, Kernel kernel,
                                                           const Redactor* redactor = nullptr);

} // namespace dovetail::mapping
