// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/gzip.hpp"

#include <memory>
#include <new>

#include <libdeflate.h>

namespace dovetail::simulators {

std::string gzip(std::string_view text) {
  constexpr int level = 6; // what web servers commonly use
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
  if (!compressor) {
    throw std::bad_alloc();
  }
  std::string compressed(libdeflate_gzip_compress_bound(compressor.get(), text.size()), '\0');
  compressed.resize(
      libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), compressed.data(), compressed.size()));
  compressed.shrink_to_fit(); // the bound is as large as the text, and this may be kept
  return compressed;
}

std::string gunzip(std::string_view compressed, std::size_t max_bytes) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> decompressor(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (!decompressor) {
    throw std::bad_alloc();
  }
  for (std::size_t room = compressed.size() * 8 + 1024;; room *= 4) {
    std::string text(room < max_bytes ? room : max_bytes, '\0');
    std::size_t length = 0;
    const libdeflate_result result = libdeflate_gzip_decompress(decompressor.get(), compressed.data(),
                                                                compressed.size(), text.data(), text.size(), &length);
    if (result == LIBDEFLATE_SUCCESS) {
      text.resize(length);
      return text;
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE || text.size() == max_bytes) {
      return {};
    }
  }
}

} // namespace dovetail::simulators
