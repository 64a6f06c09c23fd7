// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/http/headers.hpp"
#include "core/http/transport.hpp"

namespace dovetail::http {

/// The wire format of HTTP/1.1 (RFC 9112), apart from any socket.
struct ResponseHead {
  int minor_version = 1;
  int status = 0;
  Headers headers;
};

/// The size of the head (status line, fields, empty line) at the front of `bytes`; 0 when it is not complete yet. out_of_range past
/// limits::max_header_bytes.
[[nodiscard]] Result<std::size_t> find_head_end(std::string_view bytes);
/// Reads a whole head. data_loss (transient) when it is not HTTP/1.x.
[[nodiscard]] Result<ResponseHead> parse_head(std::string_view head);

/// How the body's end is found (RFC 9112 section 6.3).
struct BodyFraming {
  enum class Kind { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};
/// data_loss when the head contradicts itself (two lengths, a length and chunks): a sign of request smuggling.
[[nodiscard]] Result<BodyFraming> body_framing(std::string_view method, const ResponseHead& head);
/// Whether the server keeps the connection open after this response.
[[nodiscard]] bool keeps_alive(const ResponseHead& head);

/// The request's head, ending in the empty line. It holds secrets: wipe it after use. `absolute` writes the target with its
/// origin, as an HTTP proxy wants it; `proxy_authorization` may be empty.
[[nodiscard]] std::string format_head(const TransportRequest& request, bool absolute,
                                      std::string_view proxy_authorization);

/// Takes the framing out of a chunked body (RFC 9112 section 7.1), in place and in any number of steps.
class ChunkDecoder {
public:
  /// Decodes `in`, writing the payload to `out`, which may be the start of `in`'s own memory. Returns the payload's size; `used` tells how much
  /// of `in` was read, which is less than all only when the body ended. data_loss (transient) on bad framing.
  [[nodiscard]] Result<std::size_t> decode(std::string_view in, char* out, std::size_t& used);
  [[nodiscard]] bool done() const noexcept { return state_ == State::done; }

private:
  enum class State {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf,
    done
  };
  [[nodiscard]] Status step(char letter);

  State state_ = State::size;
  std::uint64_t left_ = 0;
  int digits_ = 0;
  std::size_t overhead_ = 0; // bytes of the present chunk's extension, or of all trailers
};

} // namespace dovetail::http
