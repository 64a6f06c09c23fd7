// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>

#include "core/json/check.hpp"
#include "core/json/pointer.hpp"
#include "core/mapping/convert.hpp"
#include "core/mapping/engine.hpp"
#include "core/mapping/json_text.hpp"
#include "core/mapping/row_builder.hpp"

namespace dovetail::mapping {
namespace portable {
namespace {

using Trace = NoTrace;
#include "core/mapping/kernel_portable.inc"
#include "core/mapping/trie_engine.inc"

} // namespace
} // namespace portable

std::unique_ptr<PageMapper> make_portable_mapper(const Program& program, const Redactor* redactor) {
  return std::make_unique<portable::TrieMapper>(program, redactor);
}

} // namespace dovetail::mapping
