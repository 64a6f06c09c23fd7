// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/mapping/page_mapper.hpp"

namespace dovetail::mapping {

/// The peer on simdjson's On-Demand parser: the same trie, the same conversions, the same early exits. It knows what the benchmark's
/// mappings need: nested members, finds by one member, elements by index, embedded documents; no json columns.
[[nodiscard]] std::unique_ptr<PageMapper> make_simdjson_mapper(const CompiledMapping& mapping);

} // namespace dovetail::mapping
