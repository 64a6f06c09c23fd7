// SPDX-License-Identifier: Apache-2.0
#include "core/http/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "core/base/limits.hpp"

namespace dovetail::http {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr int max_chunk_digits = 15;
constexpr std::size_t max_chunk_overhead = 4U << 10U;

Error broken(std::string message) {
  Error error = data_loss(std::move(message));
  error.retry = RetryClass::transient;
  return error;
}

// Takes one line off the front, without its CRLF; a bare LF is taken as a line's end (RFC 9112 section 2.2).
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

bool has_list_item(const Headers& headers, std::string_view name, std::string_view item) {
  const auto joined = headers.join(name);
  std::string_view rest = joined;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    if (equals_ignoring_case(trim(rest.substr(0, end)), item)) {
      return true;
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  std::uint64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

int hex_digit(char letter) noexcept {
  if (letter >= '0' && letter <= '9') {
    return letter - '0';
  }
  const char lower = static_cast<char>(letter | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

} // namespace

Result<std::size_t> find_head_end(std::string_view bytes) {
  const auto window = bytes.substr(0, limits::max_header_bytes);
  for (auto at = window.find('\n'); at != npos; at = window.find('\n', at + 1)) {
    const auto next = window.substr(at + 1, 2);
    if (next.starts_with('\n')) {
      return at + 2;
    }
    if (next == "\r\n") {
      return at + 3;
    }
  }
  if (bytes.size() >= limits::max_header_bytes) {
    return out_of_range(fmt::format("The response's headers are larger than {} bytes.", limits::max_header_bytes));
  }
  return std::size_t{0};
}

Result<ResponseHead> parse_head(std::string_view head) {
  ResponseHead out;
  const auto line = take_line(head);
  // "HTTP/1.1 200 OK"; the reason may be missing together with its space.
  const bool version = line.starts_with("HTTP/1.") && line.size() >= 12 && line[8] == ' ' &&
                       (line[7] == '0' || line[7] == '1') && (line.size() == 12 || line[12] == ' ');
  const auto status = version ? parse_length(line.substr(9, 3)) : std::nullopt;
  if (!status || *status < 100) {
    return broken("The answer is not HTTP/1.1.");
  }
  out.minor_version = line[7] - '0';
  out.status = static_cast<int>(*status);
  while (!head.empty()) {
    const auto field = take_line(head);
    if (field.empty()) {
      break;
    }
    const auto colon = field.find(':');
    if (colon == npos || !is_token(field.substr(0, colon))) {
      return broken("The answer has a malformed header line."); // folded lines too: RFC 9112 section 5.2
    }
    if (auto added = out.headers.add(field.substr(0, colon), field.substr(colon + 1)); !added.ok()) {
      return added.error().code == ErrorCode::out_of_range ? added.error() : broken(added.error().message);
    }
  }
  return out;
}

Result<BodyFraming> body_framing(std::string_view method, const ResponseHead& head) {
  if (method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304) {
    return BodyFraming{};
  }
  const bool coded = head.headers.contains("transfer-encoding");
  std::optional<std::uint64_t> length;
  for (const auto& field : head.headers) {
    if (!equals_ignoring_case(field.name, "content-length")) {
      continue;
    }
    const auto value = parse_length(field.value);
    if (!value || (length && *length != *value)) {
      return broken("The answer's Content-Length is not one number.");
    }
    length = value;
  }
  if (coded) {
    if (length) {
      return broken("The answer has both a Content-Length and a Transfer-Encoding.");
    }
    if (!equals_ignoring_case(head.headers.join("transfer-encoding"), "chunked")) {
      return broken("The answer's Transfer-Encoding is not chunked, which is the only one that is understood.");
    }
    return BodyFraming{.kind = BodyFraming::Kind::chunked, .length = 0};
  }
  if (length) {
    return BodyFraming{.kind = BodyFraming::Kind::length, .length = *length};
  }
  return BodyFraming{.kind = BodyFraming::Kind::until_close, .length = 0};
}

bool keeps_alive(const ResponseHead& head) {
  if (has_list_item(head.headers, "connection", "close")) {
    return false;
  }
  return head.minor_version >= 1 || has_list_item(head.headers, "connection", "keep-alive");
}

std::string format_head(const TransportRequest& request, bool absolute, std::string_view proxy_authorization) {
  std::string out;
  std::size_t size = 256 + request.url.target().size() + proxy_authorization.size();
  for (const auto& field : request.headers) {
    size += field.name.size() + field.value.size() + 4;
  }
  for (const auto& field : request.secret_headers) {
    size += field.name.size() + field.value.size() + 4;
  }
  out.reserve(size); // once, so that no grown copy of a secret stays behind
  const auto add = [&out](std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  };
  out += request.method;
  out += ' ';
  if (absolute) {
    out += request.url.origin().to_string();
  }
  out += request.url.target();
  out += " HTTP/1.1\r\n";
  add("Host", request.url.origin().authority());
  for (const auto& field : request.headers) {
    add(field.name, field.value);
  }
  for (const auto& field : request.secret_headers) {
    add(field.name, field.value.reveal());
  }
  if (!proxy_authorization.empty()) {
    add("Proxy-Authorization", proxy_authorization);
  }
  const bool has_body =
      !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (has_body) {
    add("Content-Length", std::to_string(request.body.size()));
  }
  out += "\r\n";
  return out;
}

Result<std::size_t> ChunkDecoder::decode(std::string_view in, char* out, std::size_t& used) {
  std::size_t written = 0;
  std::size_t at = 0;
  while (at < in.size() && state_ != State::done) {
    if (state_ == State::data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - at));
      if (out + written != in.data() + at) {
        std::memmove(out + written, in.data() + at, size);
      }
      written += size;
      at += size;
      left_ -= size;
      if (left_ == 0) {
        state_ = State::data_cr;
      }
      continue;
    }
    DOVETAIL_TRY_STATUS(step(in[at]));
    ++at;
  }
  used = at;
  return written;
}

Status ChunkDecoder::step(char letter) {
  const auto bad = [] { return broken("The answer's chunked body is malformed."); };
  const auto expect = [&](char wanted, State next) -> Status {
    if (letter != wanted) {
      return bad();
    }
    state_ = next;
    return {};
  };
  const auto skip_to_cr = [&](State next) -> Status {
    if (++overhead_ > max_chunk_overhead || letter == '\n') {
      return bad();
    }
    if (letter == '\r') {
      state_ = next;
    }
    return {};
  };
  switch (state_) {
  case State::size: {
    const int digit = hex_digit(letter);
    if (digit >= 0 && digits_ < max_chunk_digits) {
      left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
      ++digits_;
      return {};
    }
    if (digits_ == 0 || digit >= 0 || (letter != '\r' && letter != ';' && letter != ' ' && letter != '\t')) {
      return bad();
    }
    overhead_ = 0;
    state_ = letter == '\r' ? State::size_lf : State::extension;
    return {};
  }
  case State::extension:
    return skip_to_cr(State::size_lf);
  case State::size_lf:
    digits_ = 0;
    overhead_ = 0;
    return expect('\n', left_ == 0 ? State::trailer_start : State::data);
  case State::data_cr:
    return expect('\r', State::data_lf);
  case State::data_lf:
    return expect('\n', State::size);
  case State::trailer_start:
    if (letter == '\r') {
      state_ = State::end_lf;
      return {};
    }
    state_ = State::trailer;
    return skip_to_cr(State::trailer_lf);
  case State::trailer:
    return skip_to_cr(State::trailer_lf);
  case State::trailer_lf:
    return expect('\n', State::trailer_start);
  case State::end_lf:
    return expect('\n', State::done);
  case State::data:
  case State::done:
    break;
  }
  return bad();
}

} // namespace dovetail::http
