// SPDX-License-Identifier: Apache-2.0
#include "core/http/url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/http/headers.hpp"

namespace dovetail::http {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::size_t max_host_bytes = 253;
constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

bool is_alnum(char letter) noexcept {
  return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}
bool is_hex(char letter) noexcept {
  return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
}
bool is_unreserved(char letter) noexcept {
  return is_alnum(letter) || letter == '-' || letter == '.' || letter == '_' || letter == '~';
}

std::uint16_t default_port(std::string_view scheme) noexcept { return scheme == "https" ? https_port : http_port; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
  });
  return out;
}

Error bad_url(std::string_view text, std::string_view why) {
  auto shown = text.substr(0, std::min<std::size_t>(text.find_first_of("?#"), 200));
  if (shown.find('@') != npos) {
    shown = "..."; // what stands before it may be a password
  }
  std::string printable(shown);
  std::replace_if(
      printable.begin(), printable.end(),
      [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20U || static_cast<unsigned char>(letter) > 0x7EU;
      },
      '?');
  return invalid_argument(fmt::format("The URL \"{}\" is not usable: {}.", printable, why));
}

bool is_target_letter(char letter) noexcept {
  // RFC 3986 plus the few that real APIs leave bare in queries; '%' is checked on its own.
  return is_unreserved(letter) || std::string_view("!$&'()*+,;=:@/?[]|{}^%").find(letter) != npos;
}

bool escapes_are_whole(std::string_view text) noexcept {
  for (std::size_t at = text.find('%'); at != npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) {
      return false;
    }
  }
  return true;
}

bool is_name_host(std::string_view host) noexcept {
  if (host.empty() || host.size() > max_host_bytes || host.front() == '.' || host.front() == '-') {
    return false;
  }
  return host.find("..") == npos && std::all_of(host.begin(), host.end(), [](char letter) {
           return is_alnum(letter) || letter == '-' || letter == '.' || letter == '_';
         });
}

bool is_address_host(std::string_view host) noexcept {
  return host.find(':') != npos && host.size() <= 45 && std::all_of(host.begin(), host.end(), [](char letter) {
           return is_hex(letter) || letter == ':' || letter == '.';
         });
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end || port == 0) {
    return std::nullopt;
  }
  return port;
}

// RFC 3986 section 5.2.4
std::string remove_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  std::size_t at = 1; // behind the leading '/'
  bool ends_open = false;
  while (at <= path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const auto segment = path.substr(at, end - at);
    const bool last = end == path.size();
    if (segment == "..") {
      if (!kept.empty()) {
        kept.pop_back();
      }
      ends_open = last;
    } else if (segment == ".") {
      ends_open = last;
    } else {
      kept.push_back(segment);
      ends_open = false;
    }
    at = end + 1;
  }
  std::string out;
  for (const auto segment : kept) {
    out += '/';
    out += segment;
  }
  return ends_open || out.empty() ? out + "/" : out;
}

} // namespace

std::string Origin::authority() const {
  const bool is_v6 = host.find(':') != npos;
  const bool own_port = port == default_port(scheme);
  return fmt::format("{}{}{}{}", is_v6 ? "[" : "", host, is_v6 ? "]" : "", own_port ? "" : fmt::format(":{}", port));
}

std::string Origin::to_string() const { return scheme + "://" + authority(); }

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > limits::max_url_bytes) {
    return bad_url(text, fmt::format("it is longer than {} bytes", limits::max_url_bytes));
  }
  Url url;
  const auto colon = text.find("://");
  const auto scheme = text.substr(0, colon == npos ? 0 : colon);
  if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) {
    return bad_url(text, "it does not begin with https:// or http://");
  }
  url.origin_.scheme = lower(scheme);
  const auto rest = text.substr(colon + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != npos) {
    return bad_url(text, "it holds a user name or password; put credentials into the connection's secrets");
  }
  const auto bracket = authority.find(']');
  const bool bracketed = authority.starts_with('[') && bracket != npos;
  const auto host = bracketed ? authority.substr(1, bracket - 1) : authority.substr(0, authority.find(':'));
  const auto port = authority.substr(bracketed ? bracket + 1 : host.size());
  if (bracketed ? !is_address_host(host) : !is_name_host(host)) {
    return bad_url(text, "its host is not a valid name or address");
  }
  url.origin_.host = lower(host);
  url.origin_.port = default_port(url.origin_.scheme);
  if (port.size() > 1 || (!port.empty() && port != ":")) {
    const auto number = port.starts_with(':') ? parse_port(port.substr(1)) : std::nullopt;
    if (!number) {
      return bad_url(text, "its port is not a number from 1 to 65535");
    }
    url.origin_.port = *number;
  }
  const auto tail = rest.substr(authority.size());
  const auto target = tail.substr(0, tail.find('#'));
  if (!std::all_of(target.begin(), target.end(), is_target_letter) || !escapes_are_whole(target)) {
    return bad_url(text, "its path or query holds characters that must be percent-encoded");
  }
  url.target_ = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return url;
}

std::string_view Url::path() const noexcept { return std::string_view(target_).substr(0, target_.find('?')); }

std::string Url::to_string() const { return origin_.to_string() + target_; }

std::string Url::to_display() const { return origin_.to_string() + std::string(path()); }

Result<Url> Url::resolve(std::string_view reference) const {
  reference = trim(reference);
  reference = reference.substr(0, reference.find('#'));
  const auto colon = reference.find(':');
  if (colon != npos && colon < reference.find_first_of("/?")) {
    return parse(reference);
  }
  if (reference.starts_with("//")) {
    return parse(origin_.scheme + ":" + std::string(reference));
  }
  if (reference.empty()) {
    return *this;
  }
  const auto query_at = std::min(reference.find('?'), reference.size());
  const auto reference_path = reference.substr(0, query_at);
  std::string whole;
  if (reference_path.empty()) {
    whole = std::string(path());
  } else if (reference_path.starts_with('/')) {
    whole = remove_dot_segments(reference_path);
  } else {
    const auto base = path();
    whole = remove_dot_segments(std::string(base.substr(0, base.rfind('/') + 1)) + std::string(reference_path));
  }
  return parse(origin_.to_string() + whole + std::string(reference.substr(query_at)));
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char letter : text) {
    if (is_unreserved(letter)) {
      out += letter;
    } else {
      const auto byte = static_cast<unsigned char>(letter);
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 0xFU];
    }
  }
  return out;
}

} // namespace dovetail::http
