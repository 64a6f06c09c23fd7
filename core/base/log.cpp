// SPDX-License-Identifier: Apache-2.0
#include "core/base/log.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "core/base/time.hpp"

namespace dovetail {
namespace {

// Longer texts are cut: a log line is for reading, and a provider's error page may have megabytes.
constexpr std::size_t max_text_bytes = 16U << 10U;
constexpr std::string_view cut_mark = "...(cut)";
constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

// How many bytes the UTF-8 sequence at text[0] takes; 0 when it is none (RFC 3629: no overlong forms, no surrogates).
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const auto continues = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead < 0x80U) {
    return 1;
  }
  if (lead >= 0xC2U && lead <= 0xDFU) {
    return continues(1) ? 2 : 0;
  }
  if (lead >= 0xE0U && lead <= 0xEFU) {
    const bool in_range = (lead != 0xE0U || byte(1) >= 0xA0U) && (lead != 0xEDU || byte(1) <= 0x9FU);
    return in_range && continues(1) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0U && lead <= 0xF4U) {
    const bool in_range = (lead != 0xF0U || byte(1) >= 0x90U) && (lead != 0xF4U || byte(1) <= 0x8FU);
    return in_range && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

void append_json_character(std::string& out, char letter) {
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

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  const bool cut = text.size() > max_text_bytes;
  std::string_view rest = text.substr(0, max_text_bytes);
  while (!rest.empty()) {
    const std::size_t size = utf8_sequence(rest);
    if (size == 0) {
      out += replacement_character;
    } else if (size == 1) {
      append_json_character(out, rest.front());
    } else {
      out += rest.substr(0, size);
    }
    rest.remove_prefix(std::max<std::size_t>(size, 1));
  }
  if (cut) {
    out += cut_mark;
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
      append_json_string(line, redactor_.redact_value(field.name, *text));
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
      line += std::to_string(*number);
    } else if (const auto* real = std::get_if<double>(&field.value)) {
      line += std::isfinite(*real) ? fmt::format("{}", *real) : "null"; // JSON knows no infinity
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
