// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dovetail::sdk {

/// `text` with all but RFC 3986's unreserved characters as %XX: right for a path segment, a query name and a query value.
[[nodiscard]] inline std::string percent_encode(std::string_view text) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += hex[byte >> 4U];
      out += hex[byte & 0xFU];
    }
  }
  return out;
}

namespace detail {
[[nodiscard]] inline int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
} // namespace detail

/// Undoes percent_encode; with `form` a '+' is a space (query strings). A '%' without two hex digits stays as it is.
[[nodiscard]] inline std::string percent_decode(std::string_view text, bool form = false) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%' && i + 2 < text.size()) {
      const int high = detail::hex_digit(text[i + 1]);
      const int low = detail::hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += form && c == '+' ? ' ' : c;
  }
  return out;
}

/// Builds what stands behind a base URL. Every segment, name and value is encoded here and nowhere else:
/// `Url("repos").segment(owner).segment(name).segment("pulls").query("state", "all").query("per_page", 100).text()`.
class Url {
public:
  Url() = default;
  /// The first segment.
  explicit Url(std::string_view first_segment) { segment(first_segment); }
  /// Goes on from an address that is already encoded, e.g. a path kept in a cursor.
  [[nodiscard]] static Url from(std::string_view encoded) {
    Url url;
    url.text_ = encoded;
    url.has_query_ = encoded.find('?') != std::string_view::npos;
    return url;
  }

  /// Appends '/' and the encoded segment. Call it before query().
  Url& segment(std::string_view text) {
    text_ += '/';
    text_ += percent_encode(text);
    return *this;
  }
  Url& segment(std::integral auto number) { return segment(std::string_view(std::to_string(number))); }
  /// Appends segments as they are, separators included: "owner/name" gives two; each is encoded by itself.
  Url& segments(std::string_view path) {
    while (!path.empty()) {
      const auto slash = path.find('/');
      segment(path.substr(0, slash));
      path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return *this;
  }
  Url& query(std::string_view name, std::string_view value) {
    text_ += has_query_ ? '&' : '?';
    has_query_ = true;
    text_ += percent_encode(name);
    text_ += '=';
    text_ += percent_encode(value);
    return *this;
  }
  Url& query(std::string_view name, const char* value) { return query(name, std::string_view(value)); }
  Url& query(std::string_view name, std::integral auto number) {
    return query(name, std::string_view(std::to_string(number)));
  }

  [[nodiscard]] const std::string& text() const& noexcept { return text_; }
  [[nodiscard]] std::string text() && noexcept { return std::move(text_); }

private:
  std::string text_;
  bool has_query_ = false;
};

/// "https://host:port" of an absolute http(s) URL, without user information; empty for anything else.
[[nodiscard]] inline std::string_view url_origin(std::string_view url) noexcept {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos || scheme == 0) {
    return {};
  }
  const auto end = url.find_first_of("/?#", scheme + 3);
  const auto origin = url.substr(0, end);
  return origin.find('@') == std::string_view::npos ? origin : std::string_view{};
}

/// Path and query of an absolute URL (or of one that begins with '/'), without the fragment; empty when it has no path.
[[nodiscard]] inline std::string_view url_path_and_query(std::string_view url) noexcept {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos && scheme < url.find_first_of("/?#")) {
    const auto path = url.find_first_of("/?#", scheme + 3);
    url = path == std::string_view::npos ? std::string_view{} : url.substr(path);
  }
  return url.substr(0, url.find('#'));
}

/// The decoded value of the first query parameter of that name; nullopt when there is none, "" when it has no value.
[[nodiscard]] inline std::optional<std::string> url_query_value(std::string_view url, std::string_view name) {
  url = url.substr(0, url.find('#'));
  const auto mark = url.find('?');
  if (mark == std::string_view::npos) {
    return std::nullopt;
  }
  auto query = url.substr(mark + 1);
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    const auto equals = part.find('=');
    if (percent_decode(part.substr(0, equals), true) == name) {
      return equals == std::string_view::npos ? std::string{} : percent_decode(part.substr(equals + 1), true);
    }
    query.remove_prefix(part.size() == query.size() ? query.size() : part.size() + 1);
  }
  return std::nullopt;
}

/// A whole decimal number that fits; nullopt for anything else, blanks included.
[[nodiscard]] inline std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || stop != end || text.empty()) {
    return std::nullopt;
  }
  return value;
}

} // namespace dovetail::sdk
