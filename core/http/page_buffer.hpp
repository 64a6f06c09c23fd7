// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace dovetail::http {

class PageBufferPool;

/// A growing block of bytes that a response body is read or inflated into. The first byte is aligned to 64 bytes and after the last one there
/// are always limits::json_padding readable zero bytes, so that the JSON engines may read in whole vectors and parse in
/// place. Movable; not thread-safe. One that came from a pool gives its memory back to it when it goes.
class PageBuffer {
public:
  static constexpr std::size_t alignment = 64;

  PageBuffer() = default;
  ~PageBuffer();
  PageBuffer(PageBuffer&& other) noexcept;
  PageBuffer& operator=(PageBuffer&& other) noexcept;
  PageBuffer(const PageBuffer&) = delete;
  PageBuffer& operator=(const PageBuffer&) = delete;

  [[nodiscard]] std::string_view view() const noexcept { return {data(), size_}; }
  /// Never null, not even when empty.
  [[nodiscard]] const char* data() const noexcept;
  /// For parsing in place; null as long as nothing was ever written.
  [[nodiscard]] char* mutable_data() noexcept { return memory_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// What fits without growing, the padding not counted.
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// Room for at least `bytes` more bytes behind the content: write there, then `commit`. May move the content.
  [[nodiscard]] char* prepare(std::size_t bytes);
  /// Takes `bytes` bytes of the prepared room into the content and renews the padding. Precondition: they fit.
  void commit(std::size_t bytes) noexcept;
  /// Cuts the content. Precondition: `size` is not above size().
  void truncate(std::size_t size) noexcept;
  void clear() noexcept { truncate(0); }
  void append(std::string_view bytes);
  void assign(std::string_view bytes);

private:
  friend class PageBufferPool;
  struct Free {
    void operator()(char* memory) const noexcept;
  };
  using Memory = std::unique_ptr<char, Free>;
  struct Shelf;

  void grow(std::size_t capacity);
  void give_back() noexcept;

  Memory memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  // Shared with the pool, because a response may outlive the client that made it.
  std::shared_ptr<Shelf> home_;
};

/// Thread-safe. Keeps the memory of page buffers for the next page: at most `max_idle` blocks of at most `max_kept_bytes` each; what
/// is more is freed. Never waits: when there is none on the shelf, a new buffer is made.
class PageBufferPool {
public:
  explicit PageBufferPool(std::size_t max_idle = 6, std::size_t max_kept_bytes = std::size_t{4} << 20U);
  ~PageBufferPool();
  PageBufferPool(const PageBufferPool&) = delete;
  PageBufferPool& operator=(const PageBufferPool&) = delete;
  PageBufferPool(PageBufferPool&&) = delete;
  PageBufferPool& operator=(PageBufferPool&&) = delete;

  /// An empty buffer, with the capacity of an earlier page where there is one.
  [[nodiscard]] PageBuffer take();
  [[nodiscard]] std::size_t idle() const;

private:
  std::shared_ptr<PageBuffer::Shelf> shelf_;
};

} // namespace dovetail::http
