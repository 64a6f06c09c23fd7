// SPDX-License-Identifier: Apache-2.0
#include "core/http/gzip.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

#include <fmt/format.h>
#include <libdeflate.h>

namespace dovetail::http {
namespace {

constexpr std::size_t always_allowed = std::size_t{1} << 20U;
constexpr std::size_t smallest_guess = std::size_t{16} << 10U;
constexpr std::size_t smallest_member = 18; // header and trailer of RFC 1952

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const noexcept { libdeflate_free_decompressor(decompressor); }
};

Error damaged(std::string_view why) {
  Error error = data_loss(fmt::format("The gzip body is damaged: {}.", why));
  error.retry = RetryClass::transient;
  return error;
}

// The decoded size as the last four bytes tell it: right for a single member below 4 GiB, else any number.
std::size_t declared_size(std::string_view compressed) {
  std::size_t size = 0;
  for (std::size_t i = 4; i > 0; --i) {
    size = (size << 8U) | static_cast<unsigned char>(compressed[compressed.size() - 5 + i]);
  }
  return size;
}

} // namespace

Status gunzip(std::string_view compressed, const Bounds& bounds, PageBuffer& out) {
  if (compressed.size() < smallest_member) {
    return damaged("it is too short");
  }
  const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(libdeflate_alloc_decompressor());
  if (!decompressor) {
    return resource_exhausted("There is no memory to inflate the response.");
  }
  const std::size_t allowed =
      std::min(bounds.max_body_bytes, std::max(always_allowed, compressed.size() * bounds.max_ratio));
  std::string_view rest = compressed;
  std::size_t room = std::clamp(declared_size(compressed), std::min(smallest_guess, allowed), allowed);
  while (!rest.empty()) {
    char* const target = out.prepare(room - out.size());
    std::size_t used = 0;
    std::size_t written = 0;
    const auto result = libdeflate_gzip_decompress_ex(decompressor.get(), rest.data(), rest.size(), target,
                                                      room - out.size(), &used, &written);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (room == allowed) {
        return out_of_range(fmt::format("The response inflates to more than {} bytes from {}; ask for smaller pages.",
                                        allowed, compressed.size()));
      }
      room = std::min(allowed, room * 2);
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) {
      return damaged("it does not inflate");
    }
    out.commit(written);
    rest.remove_prefix(used);
    if (std::all_of(rest.begin(), rest.end(), [](char byte) { return byte == '\0'; })) {
      break; // gzip itself tolerates padding
    }
  }
  return {};
}

} // namespace dovetail::http
