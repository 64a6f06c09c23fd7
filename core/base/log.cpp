// SPDX-License-Identifier: Apache-2.0
#include "core/base/log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "core/base/time.hpp"

namespace dovetail {
namespace {

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char letter : text) {
    switch (letter) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      if (static_cast<unsigned char>(letter) < 0x20U) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(letter)));
      } else {
        out += letter;
      }
    }
  }
  out += '"';
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
  case LogLevel::debug:
    return spdlog::level::debug;
  case LogLevel::info:
    return spdlog::level::info;
  case LogLevel::warning:
    return spdlog::level::warn;
  case LogLevel::error:
    return spdlog::level::err;
  }
  return spdlog::level::err;
}

class JsonLogger final : public Logger {
public:
  JsonLogger(std::shared_ptr<spdlog::logger> sink, const Redactor& redactor, Clock& clock)
      : sink_(std::move(sink)), redactor_(redactor), clock_(clock) {}

  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) override {
    if (!sink_->should_log(to_spdlog(level))) {
      return;
    }
    std::string line = R"({"time":")" + format_iso8601(clock_.now()) + R"(","level":")";
    line += to_string(level);
    line += R"(","message":)";
    append_json_string(line, redactor_.redact(message));
    for (const auto& field : fields) {
      line += ',';
      append_json_string(line, field.name);
      line += ':';
      append_value(line, field);
    }
    line += '}';
    sink_->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }

private:
  void append_value(std::string& line, const LogField& field) const {
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      append_json_string(line,
                         redactor_.is_secret_name(field.name) ? std::string(redacted_mark) : redactor_.redact(*text));
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      line += std::to_string(*number);
    } else if (const auto* real = std::get_if<double>(&field.value)) {
      line += fmt::format("{}", *real);
    } else {
      line += std::get<bool>(field.value) ? "true" : "false";
    }
  }

  // spdlog's own type is shared by design; nothing else holds this one.
  std::shared_ptr<spdlog::logger> sink_;
  const Redactor& redactor_;
  Clock& clock_;
};

class NullLogger final : public Logger {
public:
  void write(LogLevel /*level*/, std::string_view /*message*/, std::initializer_list<LogField> /*fields*/) override {}
};

} // namespace

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
  case LogLevel::debug:
    return "debug";
  case LogLevel::info:
    return "info";
  case LogLevel::warning:
    return "warning";
  case LogLevel::error:
    return "error";
  }
  return "error";
}

std::unique_ptr<Logger> make_logger(const LogOptions& options, const Redactor& redactor, Clock& clock) {
  spdlog::sink_ptr sink;
  if (options.file.empty()) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
  }
  auto logger = std::make_shared<spdlog::logger>("dovetail", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(to_spdlog(options.level));
  logger->flush_on(spdlog::level::warn);
  return std::make_unique<JsonLogger>(std::move(logger), redactor, clock);
}

std::unique_ptr<Logger> make_null_logger() { return std::make_unique<NullLogger>(); }

} // namespace dovetail
