// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/clock.hpp"
#include "core/base/redact.hpp"

namespace dovetail {

enum class LogLevel : std::int32_t { debug = 0, info = 1, warning = 2, error = 3 };
[[nodiscard]] std::string_view to_string(LogLevel level) noexcept;

/// One named value of a log line. Names are those of the design: tenant, provider, connection, object, job, request_id ...
struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
  LogField(std::string_view field, const std::string& text) : name(field), value(std::string_view(text)) {}
  LogField(std::string_view field, const char* text) : name(field), value(std::string_view(text)) {}
  LogField(std::string_view field, std::int64_t number) : name(field), value(number) {}
  LogField(std::string_view field, int number) : name(field), value(std::int64_t{number}) {}
  LogField(std::string_view field, std::size_t number) : name(field), value(static_cast<std::int64_t>(number)) {}
  LogField(std::string_view field, double number) : name(field), value(number) {}
  LogField(std::string_view field, bool flag) : name(field), value(flag) {}
};

/// Structured logs: one JSON object a line, `{"time":"...","level":"info","message":"...", fields...}`, every text through the
/// Redactor (API-8). Implementations are thread-safe.
class Logger {
public:
  Logger() = default;
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;
  Logger(Logger&&) = delete;
  Logger& operator=(Logger&&) = delete;
  virtual ~Logger() = default;

  virtual void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) = 0;

  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, message, fields);
  }
};

struct LogOptions {
  LogLevel level = LogLevel::info;
  /// Empty: standard error. Otherwise a file, appended to.
  std::string file;
};

/// A Logger over spdlog. `redactor` and `clock` must outlive it.
[[nodiscard]] std::unique_ptr<Logger> make_logger(const LogOptions& options, const Redactor& redactor, Clock& clock);
/// Swallows everything.
[[nodiscard]] std::unique_ptr<Logger> make_null_logger();

} // namespace dovetail
