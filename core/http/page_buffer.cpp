// SPDX-License-Identifier: Apache-2.0
#include "core/http/page_buffer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

#include "core/base/limits.hpp"

namespace dovetail::http {
namespace {

constexpr std::size_t padding = limits::json_padding;
constexpr std::size_t smallest_capacity = (std::size_t{64} << 10U) - padding;
alignas(PageBuffer::alignment) constexpr std::array<char, padding> nothing{};

} // namespace

struct PageBuffer::Shelf {
  struct Block {
    Memory memory;
    std::size_t capacity = 0;
  };
  std::size_t max_idle = 0;
  std::size_t max_kept_bytes = 0;
  std::mutex mutex;
  // guarded by mutex
  std::vector<Block> blocks;
};

void PageBuffer::Free::operator()(char* memory) const noexcept {
  ::operator delete(memory, std::align_val_t{alignment});
}

PageBuffer::~PageBuffer() { give_back(); }

PageBuffer::PageBuffer(PageBuffer&& other) noexcept
    : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)), home_(std::move(other.home_)) {}

PageBuffer& PageBuffer::operator=(PageBuffer&& other) noexcept {
  if (this != &other) {
    give_back();
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    home_ = std::move(other.home_);
  }
  return *this;
}

void PageBuffer::give_back() noexcept {
  if (home_ && memory_ && capacity_ <= home_->max_kept_bytes) {
    const std::scoped_lock lock(home_->mutex);
    // The shelf has its room from the beginning: push_back does not allocate.
    if (home_->blocks.size() < home_->max_idle) {
      home_->blocks.push_back(Shelf::Block{.memory = std::move(memory_), .capacity = capacity_});
    }
  }
  memory_.reset();
  size_ = 0;
  capacity_ = 0;
}

const char* PageBuffer::data() const noexcept { return memory_ ? memory_.get() : nothing.data(); }

void PageBuffer::grow(std::size_t capacity) {
  Memory bigger(static_cast<char*>(::operator new(capacity + padding, std::align_val_t{alignment})));
  std::memcpy(bigger.get(), data(), size_);
  memory_ = std::move(bigger);
  capacity_ = capacity;
  truncate(size_);
}

char* PageBuffer::prepare(std::size_t bytes) {
  if (memory_ == nullptr || bytes > capacity_ - size_) {
    grow(std::max({smallest_capacity, size_ + bytes, capacity_ + capacity_ / 2}));
  }
  return memory_.get() + size_;
}

void PageBuffer::commit(std::size_t bytes) noexcept {
  assert(bytes <= capacity_ - size_);
  size_ += bytes;
  std::memset(memory_.get() + size_, 0, padding);
}

void PageBuffer::truncate(std::size_t size) noexcept {
  assert(size <= capacity_);
  size_ = size;
  if (memory_) {
    std::memset(memory_.get() + size_, 0, padding);
  }
}

void PageBuffer::append(std::string_view bytes) {
  if (!bytes.empty()) {
    std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
    commit(bytes.size());
  }
}

void PageBuffer::assign(std::string_view bytes) {
  clear();
  append(bytes);
}

PageBufferPool::PageBufferPool(std::size_t max_idle, std::size_t max_kept_bytes)
    : shelf_(std::make_shared<PageBuffer::Shelf>()) {
  shelf_->max_idle = max_idle;
  shelf_->max_kept_bytes = max_kept_bytes;
  shelf_->blocks.reserve(max_idle);
}

PageBufferPool::~PageBufferPool() = default;

PageBuffer PageBufferPool::take() {
  PageBuffer buffer;
  buffer.home_ = shelf_;
  const std::scoped_lock lock(shelf_->mutex);
  if (!shelf_->blocks.empty()) {
    auto block = std::move(shelf_->blocks.back());
    shelf_->blocks.pop_back();
    buffer.memory_ = std::move(block.memory);
    buffer.capacity_ = block.capacity;
    buffer.truncate(0);
  }
  return buffer;
}

std::size_t PageBufferPool::idle() const {
  const std::scoped_lock lock(shelf_->mutex);
  return shelf_->blocks.size();
}

} // namespace dovetail::http
