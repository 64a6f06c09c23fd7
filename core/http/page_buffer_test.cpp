// SPDX-License-Identifier: Apache-2.0
#include "core/http/page_buffer.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "core/base/limits.hpp"

namespace dovetail::http {
namespace {

bool is_padded(const PageBuffer& buffer) {
  const char* const end = buffer.data() + buffer.size();
  return std::all_of(end, end + limits::json_padding, [](char byte) { return byte == '\0'; });
}

TEST(PageBuffer, IsPaddedAndAlignedInEveryState) {
  PageBuffer buffer;
  EXPECT_TRUE(is_padded(buffer));
  EXPECT_EQ(buffer.view(), "");
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
    buffer.append(piece);
    expected += piece;
    ASSERT_TRUE(is_padded(buffer)) << i;
  }
  EXPECT_EQ(buffer.view(), expected);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % PageBuffer::alignment, 0U);
  buffer.truncate(1000);
  EXPECT_TRUE(is_padded(buffer));
  EXPECT_EQ(buffer.view(), expected.substr(0, 1000));
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
  EXPECT_TRUE(is_padded(buffer));
}

TEST(PageBuffer, FillsItsCapacityToTheLastByte) {
  PageBuffer buffer;
  char* const room = buffer.prepare(1);
  std::fill_n(room, buffer.capacity(), 'x');
  buffer.commit(buffer.capacity());
  EXPECT_TRUE(is_padded(buffer));
  EXPECT_EQ(buffer.view().find_first_not_of('x'), std::string_view::npos);
}

TEST(PageBuffer, MovesItsContent) {
  PageBuffer first;
  first.assign("page");
  PageBuffer second(std::move(first));
  EXPECT_EQ(second.view(), "page");
  EXPECT_TRUE(first.empty()); // NOLINT(bugprone-use-after-move): a moved-from buffer is an empty one
  first = std::move(second);
  EXPECT_EQ(first.view(), "page");
}

TEST(PageBufferPool, GivesTheMemoryOfOnePageToTheNext) {
  PageBufferPool pool(2);
  const char* memory = nullptr;
  {
    auto buffer = pool.take();
    buffer.assign("one");
    memory = buffer.data();
  }
  EXPECT_EQ(pool.idle(), 1U);
  auto next = pool.take();
  EXPECT_EQ(pool.idle(), 0U);
  EXPECT_TRUE(next.empty());
  EXPECT_TRUE(is_padded(next));
  next.append("x");
  EXPECT_EQ(next.data(), memory);
}

TEST(PageBufferPool, KeepsABoundedNumberOfBlocksAndNoneThatAreLarge) {
  PageBufferPool pool(2, std::size_t{1} << 20U);
  {
    auto a = pool.take();
    auto b = pool.take();
    auto c = pool.take();
    auto large = pool.take();
    a.append("a");
    b.append("b");
    c.append("c");
    static_cast<void>(large.prepare(std::size_t{2} << 20U));
  }
  EXPECT_EQ(pool.idle(), 2U);
}

TEST(PageBufferPool, MayGoBeforeItsBuffers) {
  std::optional<PageBufferPool> pool(std::in_place);
  auto buffer = pool->take();
  buffer.assign("still here");
  pool.reset();
  EXPECT_EQ(buffer.view(), "still here");
}

} // namespace
} // namespace dovetail::http
