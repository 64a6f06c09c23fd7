// SPDX-License-Identifier: Apache-2.0
#include "core/http/gzip.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <libdeflate.h>

#include "core/base/random.hpp"

namespace dovetail::http {
namespace {

std::string gzip(const std::string& text, int level = 6) {
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(level), libdeflate_free_compressor);
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), text.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), out.data(), out.size()));
  return out;
}

std::string json_like(std::size_t size) {
  SeededRandom random(5);
  std::string out;
  while (out.size() < size) {
    out += R"({"id":)" + std::to_string(random.next()) + R"(,"state":"closed"},)";
  }
  return out;
}

TEST(Gzip, InflatesWhatAServerSends) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{70'000}, std::size_t{3'000'000}}) {
    const auto text = size == 0 ? std::string() : json_like(size);
    PageBuffer out;
    const auto status = gunzip(gzip(text), {}, out);
    ASSERT_TRUE(status.ok()) << status.error().message;
    EXPECT_EQ(out.view(), text);
  }
}

TEST(Gzip, InflatesSeveralMembersAndIgnoresZeroPadding) {
  const auto first = json_like(200'000);
  PageBuffer out;
  ASSERT_TRUE(gunzip(gzip(first) + gzip("second") + gzip(first) + std::string(32, '\0'), {}, out).ok());
  EXPECT_EQ(out.view(), first + "second" + first);
}

TEST(Gzip, TrustsNoDeclaredSize) { // HTTP-5
  const auto text = json_like(500'000);
  for (const std::string& lie :
       {std::string("\0\0\0\0", 4), std::string("\1\0\0\0", 4), std::string("\xFF\xFF\xFF\xFF")}) {
    auto body = gzip(text);
    body.replace(body.size() - 4, 4, lie);
    PageBuffer out;
    const auto status = gunzip(body, {}, out);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::data_loss);
  }
}

TEST(Gzip, RefusesABomb) { // HTTP-5: decoded bytes and ratio
  const auto bomb = gzip(std::string(std::size_t{20} << 20U, 'a'), 9);
  PageBuffer out;
  auto status = gunzip(bomb, {}, out);
  ASSERT_FALSE(status.ok()) << "a ratio of a thousand";
  EXPECT_EQ(status.error().code, ErrorCode::out_of_range);
  EXPECT_LE(out.capacity(), std::size_t{5} << 20U) << "stopped by the ratio long before the full size";

  PageBuffer small;
  status = gunzip(gzip(json_like(100'000)), {.max_body_bytes = 99'999}, small);
  EXPECT_EQ(status.error().code, ErrorCode::out_of_range);

  PageBuffer whole;
  EXPECT_TRUE(gunzip(gzip(std::string(std::size_t{1} << 20U, 'a')), {}, whole).ok()) << "the first MiB is free";
}

TEST(Gzip, RefusesDamagedAndCutBodies) {
  const auto body = gzip(json_like(100'000));
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{17}, body.size() / 2, body.size() - 1}) {
    PageBuffer out;
    const auto status = gunzip(body.substr(0, size), {}, out);
    ASSERT_FALSE(status.ok()) << size;
    EXPECT_EQ(status.error().code, ErrorCode::data_loss) << size;
    EXPECT_EQ(status.error().retry, RetryClass::transient);
  }
  auto flipped = body;
  flipped[body.size() / 2] = static_cast<char>(flipped[body.size() / 2] ^ 0x10);
  PageBuffer out;
  EXPECT_FALSE(gunzip(flipped, {}, out).ok());
  PageBuffer trailing;
  EXPECT_EQ(gunzip(body + "garbage behind the member", {}, trailing).error().code, ErrorCode::data_loss);
}

} // namespace
} // namespace dovetail::http
