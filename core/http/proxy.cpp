// SPDX-License-Identifier: Apache-2.0
#include "core/http/proxy.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "core/http/headers.hpp"

namespace dovetail::http {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::size_t max_direct_entries = 1'000;

int hex_digit(char letter) noexcept {
  if (letter >= '0' && letter <= '9') {
    return letter - '0';
  }
  const char lower = static_cast<char>(letter | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const int high = text[at] == '%' && at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto byte = [&](std::size_t i) -> unsigned {
      return at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U;
    };
    const unsigned group = (byte(0) << 16U) | (byte(1) << 8U) | byte(2);
    out += alphabet[(group >> 18U) & 0x3FU];
    out += alphabet[(group >> 12U) & 0x3FU];
    out += at + 1 < bytes.size() ? alphabet[(group >> 6U) & 0x3FU] : '=';
    out += at + 2 < bytes.size() ? alphabet[group & 0x3FU] : '=';
  }
  return out;
}

Result<Proxy> parse_proxy(std::string_view text, std::string_view variable) {
  const auto bad = [variable] {
    return invalid_argument(fmt::format("{} is not usable as a proxy: give http://host:port.", variable));
  };
  if (const auto scheme = text.find("://"); scheme != npos) {
    if (!equals_ignoring_case(text.substr(0, scheme), "http")) {
      return bad();
    }
    text.remove_prefix(scheme + 3);
  }
  Proxy proxy;
  if (const auto at = text.rfind('@'); at != npos) {
    std::string credentials = percent_decode(text.substr(0, at));
    proxy.authorization = Secret("Basic " + base64(credentials));
    wipe(credentials.data(), credentials.size());
    text.remove_prefix(at + 1);
  }
  const auto url = Url::parse("http://" + std::string(text));
  if (!url.ok()) {
    return bad();
  }
  proxy.host = url->host();
  proxy.port = url->port();
  return proxy;
}

std::vector<std::string> parse_direct(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty() && out.size() < max_direct_entries) {
    const auto end = std::min(text.find(','), text.size());
    auto entry = trim(text.substr(0, end));
    if (entry.starts_with('.')) {
      entry.remove_prefix(1);
    }
    if (!entry.empty()) {
      out.emplace_back(entry);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool goes_direct(std::string_view entry, const Url& url) {
  if (entry == "*") {
    return true;
  }
  const auto host = std::string_view(url.host());
  const auto port = entry.rfind(':');
  if (port != npos && entry.find(':') == port) { // "host:port"; more colons are an IPv6 address
    if (entry.substr(port + 1) != std::to_string(url.port())) {
      return false;
    }
    entry = entry.substr(0, port);
  }
  return host.size() >= entry.size() && equals_ignoring_case(host.substr(host.size() - entry.size()), entry) &&
         (host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.');
}

} // namespace

Result<ProxySettings> ProxySettings::from_environment(const Environment& get) {
  ProxySettings settings;
  const auto read = [&get](const char* lower, const char* upper) -> std::string_view {
    const char* value = get(lower);
    if (value == nullptr || *value == '\0') {
      value = get(upper);
    }
    return value == nullptr ? "" : value;
  };
  if (const auto text = read("https_proxy", "HTTPS_PROXY"); !text.empty()) {
    DOVETAIL_TRY(settings.for_https, parse_proxy(text, "HTTPS_PROXY"));
  }
  if (const auto text = read("http_proxy", "HTTP_PROXY"); !text.empty()) {
    DOVETAIL_TRY(settings.for_http, parse_proxy(text, "HTTP_PROXY"));
  }
  settings.direct = parse_direct(read("no_proxy", "NO_PROXY"));
  return settings;
}

Result<ProxySettings> ProxySettings::from_environment() {
  return from_environment([](const char* name) { return std::getenv(name); }); // NOLINT(concurrency-mt-unsafe)
}

const Proxy* ProxySettings::choose(const Url& url) const {
  const auto& proxy = url.is_https() ? for_https : for_http;
  if (!proxy || std::any_of(direct.begin(), direct.end(), [&](const auto& entry) { return goes_direct(entry, url); })) {
    return nullptr;
  }
  return &*proxy;
}

} // namespace dovetail::http
