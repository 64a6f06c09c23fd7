// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http_world.hpp"

#include <stdexcept>
#include <utility>
#include <variant>

namespace dovetail::test {
namespace {

constexpr Timestamp start{std::chrono::sys_days{std::chrono::January / 5 / 2026} + std::chrono::hours(9)};

template <typename T> T must(Result<T> result) {
  if (!result.ok()) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(result).value();
}

std::string shown(const LogField& field, const Redactor& redactor) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    return redactor.redact_value(field.name, *text);
  }
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    return std::to_string(*number);
  }
  if (const auto* real = std::get_if<double>(&field.value)) {
    return std::to_string(*real);
  }
  return std::get<bool>(field.value) ? "true" : "false";
}

} // namespace

void MemoryLogger::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = std::string(to_string(level)) + " " + redactor_.redact(message);
  for (const auto& field : fields) {
    line += " " + std::string(field.name) + "=" + shown(field, redactor_);
  }
  const std::scoped_lock lock(mutex_);
  lines_.push_back(std::move(line));
}

std::vector<std::string> MemoryLogger::lines() const {
  const std::scoped_lock lock(mutex_);
  return lines_;
}

std::string MemoryLogger::text() const {
  std::string out;
  for (const auto& line : lines()) {
    out += line + "\n";
  }
  return out;
}

HttpWorld::HttpWorld(const Options& options)
    : clock(start), limiter(options.clock == nullptr ? clock : *options.clock, options.limiter) {
  Clock& time = options.clock == nullptr ? static_cast<Clock&>(clock) : *options.clock;
  system_resolver = http::make_system_resolver(time);
  auto* const resolver = options.resolver == nullptr ? system_resolver.get() : options.resolver;
  if (options.transport == nullptr) {
    sockets = must(http::make_socket_transport(options.sockets, *resolver, time));
  }
  client = std::make_unique<http::Client>(
      http::Client::Parts{.transport = options.transport == nullptr ? *sockets : *options.transport,
                          .limiter = limiter,
                          .redactor = redactor,
                          .logger = logger,
                          .clock = time,
                          .random = random},
      options.client);
  egress.allow_private_addresses = true;
  egress.allow_plain_http = true;
}

void HttpWorld::allow(const std::string& url) { egress.allowed.push_back(must(http::Url::parse(url)).origin()); }

http::CallContext HttpWorld::context() const {
  return http::CallContext{.egress = egress,
                           .limiter_key = key,
                           .cancellation = cancellation,
                           .rate_limit_rules = &rules,
                           .identity = {.tenant = "acme-corp", .connection = "main", .object = "orders", .job = 7},
                           .timeouts = timeouts,
                           .bounds = bounds,
                           .request_id = {}};
}

Result<http::Response> HttpWorld::get(const std::string& url) {
  return client->send(http::Request{.url = url, .headers = {}, .secret_headers = {}, .body = {}, .safe_to_repeat = {}},
                      context());
}

} // namespace dovetail::test
