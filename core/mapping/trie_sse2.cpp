// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)

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

namespace dovetail::mapping {
namespace sse2 {
namespace {

using Trace = NoTrace;
#include "core/mapping/kernel_sse2.inc"
#include "core/mapping/kernel_blocks.inc"
#include "core/mapping/trie_engine.inc"

} // namespace
} // namespace sse2

std::unique_ptr<PageMapper> make_sse2_mapper(const Program& program, const Redactor* redactor) {
  return std::make_unique<sse2::TrieMapper>(program, redactor);
}

bool is_utf8_sse2(const char* p, const char* end) noexcept { return sse2::KernelImpl::is_utf8(p, end); }

} // namespace dovetail::mapping

#endif
