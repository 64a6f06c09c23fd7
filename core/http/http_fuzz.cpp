// SPDX-License-Identifier: Apache-2.0
// Whatever a server sends: heads, framing, chunks, gzip, URLs in Location.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/http/gzip.hpp"
#include "core/http/message.hpp"
#include "core/http/rate_limit_rules.hpp"
#include "core/http/url.hpp"

using namespace dovetail::http;

namespace {

void must(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void read_head(std::string_view bytes) {
  const auto size = find_head_end(bytes);
  if (!size.ok() || *size == 0) {
    return;
  }
  must(*size <= bytes.size());
  const auto head = parse_head(bytes.substr(0, *size));
  if (!head.ok()) {
    return;
  }
  must(head->status >= 100 && head->status <= 999);
  static_cast<void>(body_framing("GET", *head));
  static_cast<void>(keeps_alive(*head));
  static_cast<void>(judge_limit(head->status, head->headers, bytes.substr(*size), nullptr, {}));
}

// The pieces in which a body comes must not matter.
void read_chunks(std::string_view bytes, std::size_t piece) {
  const auto decode = [bytes](std::size_t step) {
    ChunkDecoder decoder;
    std::string out;
    bool good = true;
    for (std::size_t at = 0; good && at < bytes.size() && !decoder.done();) {
      std::string part(bytes.substr(at, step));
      std::size_t used = 0;
      const auto size = decoder.decode(part, part.data(), used);
      good = size.ok();
      if (good) {
        must(*size <= used && used <= part.size());
        out.append(part, 0, *size);
        at += used;
      }
    }
    return (good ? (decoder.done() ? "done " : "more ") : "bad ") + (good ? out : std::string());
  };
  must(decode(piece) == decode(bytes.size() + 1));
}

void resolve(std::string_view bytes) {
  static const auto base = Url::parse("https://api.example/a/b?c").value();
  const auto url = base.resolve(bytes);
  if (url.ok()) {
    const auto again = Url::parse(url->to_string());
    must(again.ok() && *again == *url);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
  case 0:
    read_head(bytes);
    break;
  case 1:
    read_chunks(bytes, 1 + data[0] / 4);
    break;
  case 2: {
    PageBuffer out;
    const Bounds bounds{.max_body_bytes = std::size_t{1} << 20U};
    must(!gunzip(bytes, bounds, out).ok() || out.size() <= bounds.max_body_bytes);
    break;
  }
  default:
    resolve(bytes);
  }
  return 0;
}
