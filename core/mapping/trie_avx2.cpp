// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)

#include <array>
#include <bit>
#include <cstring>

#include <immintrin.h>

#include "core/json/bytes.hpp"
#include "core/json/check.hpp"
#include "core/json/pointer.hpp"
#include "core/mapping/convert.hpp"
#include "core/mapping/engine.hpp"
#include "core/mapping/json_text.hpp"
#include "core/mapping/row_builder.hpp"

// Only what follows is compiled for AVX2: what the headers above define may be shared with code for any x86-64, and must be such code.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt,pclmul"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt,pclmul")
#endif

namespace dovetail::mapping {
namespace avx2 {
namespace {

using Trace = NoTrace;
#include "core/mapping/kernel_avx2.inc"
#include "core/mapping/kernel_blocks.inc"
#include "core/mapping/trie_engine.inc"

} // namespace
} // namespace avx2

std::unique_ptr<PageMapper> make_avx2_mapper(const Program& program, const Redactor* redactor) {
  return std::make_unique<avx2::TrieMapper>(program, redactor);
}

bool is_utf8_avx2(const char* p, const char* end) noexcept { return avx2::KernelImpl::is_utf8(p, end); }

} // namespace dovetail::mapping

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
