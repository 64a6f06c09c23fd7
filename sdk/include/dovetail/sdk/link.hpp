// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dovetail::sdk {

/// One link of a Link header (RFC 8288).
struct Link {
  std::string url;                                             ///< as it stands between '<' and '>'
  std::vector<std::pair<std::string, std::string>> parameters; ///< names in lower case, values unquoted, in their order

  /// The first parameter of that name (RFC 8288 ignores later ones).
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const noexcept {
    for (const auto& [key, value] : parameters) {
      if (key == name) {
        return value;
      }
    }
    return std::nullopt;
  }
  /// Whether `relation` (lower case) is among the blank-separated words of "rel"; case does not matter.
  [[nodiscard]] bool has_relation(std::string_view relation) const noexcept;
};

namespace detail {

[[nodiscard]] inline char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

[[nodiscard]] inline bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) {
    return false;
  }
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (lower(left[i]) != lower(right[i])) {
      return false;
    }
  }
  return true;
}

/// Walks one Link header. What it cannot read it skips up to the next comma outside quotes and angle brackets.
class LinkReader {
public:
  explicit LinkReader(std::string_view text) noexcept : text_(text) {}

  [[nodiscard]] std::vector<Link> read() {
    std::vector<Link> links;
    for (;;) {
      skip_blank();
      while (take(',')) {
        skip_blank();
      }
      if (at_end()) {
        return links;
      }
      Link link;
      if (read_link(link)) {
        links.push_back(std::move(link));
      } else {
        skip_to_comma();
      }
    }
  }

private:
  [[nodiscard]] bool at_end() const noexcept { return position_ == text_.size(); }
  [[nodiscard]] char peek() const noexcept { return text_[position_]; }
  bool take(char c) noexcept {
    if (at_end() || peek() != c) {
      return false;
    }
    ++position_;
    return true;
  }
  void skip_blank() noexcept {
    while (!at_end() && (peek() == ' ' || peek() == '\t')) {
      ++position_;
    }
  }
  void skip_to_comma() {
    while (!at_end() && peek() != ',') {
      if (peek() == '"') {
        static_cast<void>(read_quoted());
      } else if (take('<')) {
        const auto close = text_.find('>', position_);
        position_ = close == std::string_view::npos ? text_.size() : close + 1;
      } else {
        ++position_;
      }
    }
  }

  [[nodiscard]] bool read_link(Link& link) {
    if (!take('<')) {
      return false;
    }
    const auto close = text_.find('>', position_);
    if (close == std::string_view::npos) {
      position_ = text_.size();
      return false;
    }
    link.url = text_.substr(position_, close - position_);
    position_ = close + 1;
    for (;;) {
      skip_blank();
      if (at_end() || peek() == ',') {
        return true;
      }
      if (!take(';')) {
        return false;
      }
      skip_blank();
      if (!at_end() && peek() != ',' && peek() != ';') {
        link.parameters.push_back(read_parameter());
      }
    }
  }

  [[nodiscard]] std::pair<std::string, std::string> read_parameter() {
    std::pair<std::string, std::string> parameter;
    while (!at_end() && std::string_view("=;, \t").find(peek()) == std::string_view::npos) {
      parameter.first += lower(text_[position_++]);
    }
    skip_blank();
    if (!take('=')) {
      return parameter;
    }
    skip_blank();
    if (!at_end() && peek() == '"') {
      parameter.second = read_quoted();
      return parameter;
    }
    while (!at_end() && std::string_view(";, \t").find(peek()) == std::string_view::npos) {
      parameter.second += text_[position_++];
    }
    return parameter;
  }

  [[nodiscard]] std::string read_quoted() {
    std::string value;
    ++position_;
    while (!at_end() && peek() != '"') {
      if (peek() == '\\' && position_ + 1 < text_.size()) {
        ++position_;
      }
      value += text_[position_++];
    }
    static_cast<void>(take('"'));
    return value;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

} // namespace detail

inline bool Link::has_relation(std::string_view relation) const noexcept {
  auto words = parameter("rel").value_or(std::string_view{});
  while (!words.empty()) {
    const auto word = words.substr(0, words.find_first_of(" \t"));
    if (detail::equals_ignoring_case(word, relation)) {
      return true;
    }
    words.remove_prefix(word.size() == words.size() ? words.size() : word.size() + 1);
  }
  return false;
}

/// Every readable link of a Link header; broken parts are skipped, never an error.
[[nodiscard]] inline std::vector<Link> parse_links(std::string_view header) {
  return detail::LinkReader(header).read();
}

/// The URL of the first link of that relation ("next", "last", ...), if there is one.
[[nodiscard]] inline std::optional<std::string> find_link(std::string_view header, std::string_view relation) {
  for (auto& link : parse_links(header)) {
    if (link.has_relation(relation)) {
      return std::move(link.url);
    }
  }
  return std::nullopt;
}

} // namespace dovetail::sdk
