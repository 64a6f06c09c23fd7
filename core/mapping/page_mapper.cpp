// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/page_mapper.hpp"

#include <array>

#include <fmt/format.h>

#include "core/mapping/engine.hpp"
#include "core/mapping/json_text.hpp"

namespace dovetail::mapping {
namespace {

constexpr std::array<std::string_view, 2> engine_names{"trie", "rapidjson"};
constexpr std::array<std::string_view, 3> kernel_names{"portable", "sse2", "avx2"};

} // namespace

std::string_view to_string(EngineKind kind) noexcept { return engine_names.at(static_cast<std::size_t>(kind)); }

std::optional<EngineKind> engine_kind_from_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < engine_names.size(); ++i) {
    if (engine_names.at(i) == name) {
      return static_cast<EngineKind>(i);
    }
  }
  return std::nullopt;
}

std::string_view to_string(Kernel kernel) noexcept { return kernel_names.at(static_cast<std::size_t>(kernel)); }

Kernel best_kernel() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi") &&
      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")) {
    return Kernel::avx2;
  }
  return Kernel::sse2;
#else
  return Kernel::portable;
#endif
}

bool page_is_utf8(const char* p, const char* end) noexcept {
#if defined(__x86_64__)
  return best_kernel() == Kernel::avx2 ? is_utf8_avx2(p, end) : is_utf8_sse2(p, end);
#else
  return is_utf8(p, end);
#endif
}

bool is_step(std::string_view step, std::string_view name) noexcept {
  std::size_t at = 0;
  for (std::size_t i = 0; i < step.size(); ++i, ++at) {
    char letter = step[i];
    if (letter == '~' && i + 1 < step.size()) { // RFC 6901: ~0 is '~', ~1 is '/'
      letter = step[++i] == '1' ? '/' : '~';
    }
    if (at >= name.size() || name[at] != letter) {
      return false;
    }
  }
  return at == name.size();
}

Error page_error(Fault fault, std::size_t offset, std::string_view records_pointer) {
  switch (fault) {
  case Fault::syntax:
    return invalid_argument(
        fmt::format("the page is not valid JSON at byte {}: read it again, or report it to the provider", offset));
  case Fault::truncated:
    return invalid_argument(
        fmt::format("the page ends in the middle of its JSON, after {} bytes: read it again", offset));
  case Fault::too_deep:
    return invalid_argument(fmt::format("the page's JSON is nested more than {} levels deep", limits::max_json_depth));
  case Fault::utf8:
    return invalid_argument(fmt::format(
        "the page is not UTF-8, somewhere behind byte {}: read it again, or report it to the provider", offset));
  case Fault::no_records:
    return invalid_argument(fmt::format(
        "no records stand at \"{}\" of the page: an array, one object or null is wanted there", records_pointer));
  case Fault::too_many:
    return resource_exhausted(fmt::format("the page has more than {} records: ask the provider for smaller pages",
                                          limits::max_records_per_page));
  case Fault::too_large:
    return resource_exhausted(
        fmt::format("the page is larger than {} bytes: ask the provider for smaller pages", limits::max_page_bytes));
  case Fault::bad_pointer:
    return invalid_argument(
        fmt::format("\"{}\" is no JSON pointer: it must be empty or begin with '/'", records_pointer));
  case Fault::oracle_number:
    return out_of_range(
        fmt::format("the page has a number at byte {} that RapidJSON does not read: use the trie engine", offset));
  }
  return internal("unknown fault of a page");
}

std::unique_ptr<PageMapper> make_trie_mapper(const CompiledMapping& mapping, Kernel kernel, const Redactor* redactor) {
  if (kernel > best_kernel()) {
    return nullptr;
  }
  switch (kernel) {
  case Kernel::portable:
    return make_portable_mapper(mapping.program(), redactor);
#if defined(__x86_64__)
  case Kernel::sse2:
    return make_sse2_mapper(mapping.program(), redactor);
  case Kernel::avx2:
    return make_avx2_mapper(mapping.program(), redactor);
#endif
  default:
    return nullptr;
  }
}

std::unique_ptr<PageMapper> make_page_mapper(const CompiledMapping& mapping, EngineKind kind,
                                             const Redactor* redactor) {
  if (kind == EngineKind::rapidjson) {
    return make_rapidjson_mapper(mapping.program(), redactor);
  }
  return make_trie_mapper(mapping, best_kernel(), redactor);
}

} // namespace dovetail::mapping
