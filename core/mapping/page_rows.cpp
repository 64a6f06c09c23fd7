// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/page_rows.hpp"

#include <algorithm>
#include <cstring>

namespace dovetail::mapping {
namespace {

constexpr std::size_t first_block_bytes = 16U << 10U;

} // namespace

char* TextArena::allocate(std::size_t size) {
  if (blocks_.empty() || blocks_.back().size - used_ < size) {
    const std::size_t grown = blocks_.empty() ? std::max(first_block_bytes, next_size_) : blocks_.back().size * 2;
    const std::size_t bytes = std::max(grown, size);
    // Not make_unique: the texts overwrite the block, clearing it first would be wasted.
    blocks_.push_back({std::unique_ptr<char[]>(new char[bytes]), bytes}); // NOLINT(modernize-avoid-c-arrays)
    used_ = 0;
  }
  char* const place = blocks_.back().data.get() + used_;
  used_ += size;
  return place;
}

std::string_view TextArena::copy(std::string_view text) {
  char* const place = allocate(text.size());
  std::copy(text.begin(), text.end(), place);
  return {place, text.size()};
}

void TextArena::clear() noexcept {
  used_ = 0;
  if (blocks_.size() > 1) { // the next page gets one block with room for what this one used
    next_size_ = 0;
    for (const Block& block : blocks_) {
      next_size_ += block.size;
    }
    blocks_.clear();
  }
}

} // namespace dovetail::mapping
