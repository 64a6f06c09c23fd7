// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/console.hpp"

#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/cli/text_width.hpp"

namespace dovetail::cli {
namespace {

class LoggerBeside final : public Logger {
public:
  LoggerBeside(std::unique_ptr<Logger> inner, StatusLine& line) : inner_(std::move(inner)), line_(line) {}

  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) override {
    const StatusLine::Hidden hidden(line_);
    inner_->write(level, message, fields);
  }

private:
  const std::unique_ptr<Logger> inner_;
  StatusLine& line_;
};

std::size_t terminal_width(int descriptor) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool set(const char* variable) {
  const char* value = std::getenv(variable); // NOLINT(concurrency-mt-unsafe): before threads start
  return value != nullptr && *value != '\0';
}

} // namespace

StreamFacts standard_streams(ColorMode color) {
  StreamFacts facts;
  facts.input_is_terminal = ::isatty(STDIN_FILENO) == 1;
  facts.output_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  facts.errors_are_terminal = ::isatty(STDERR_FILENO) == 1;
  if (facts.output_is_terminal) {
    facts.width = terminal_width(STDOUT_FILENO);
  } else if (facts.errors_are_terminal) {
    facts.width = terminal_width(STDERR_FILENO);
  }
  facts.color =
      color == ColorMode::always || (color == ColorMode::automatic && facts.output_is_terminal && !set("NO_COLOR"));
  return facts;
}

StatusLine::StatusLine(std::ostream& errors, bool enabled, std::size_t width)
    : errors_(errors), enabled_(enabled), width_(width) {}

void StatusLine::show(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  text_ = text;
  draw(text_);
}

void StatusLine::clear() {
  const std::scoped_lock lock(mutex_);
  if (!text_.empty()) {
    text_.clear();
    draw(text_);
  }
}

void StatusLine::draw(std::string_view text) {
  if (enabled_) {
    // One column stays free: some terminals wrap when the last one is filled.
    errors_ << "\r\x1b[K" << clipped(text, width_ > 1 ? width_ - 1 : 79) << std::flush;
  }
}

StatusLine::Hidden::Hidden(StatusLine& line) : line_(line), lock_(line.mutex_) {
  if (!line_.text_.empty()) {
    line_.draw("");
  }
}

StatusLine::Hidden::~Hidden() {
  if (!line_.text_.empty()) {
    line_.draw(line_.text_);
  }
}

std::unique_ptr<Logger> make_logger_beside(std::unique_ptr<Logger> inner, StatusLine& line) {
  return std::make_unique<LoggerBeside>(std::move(inner), line);
}

void Console::say(std::string_view line) { out_ << redactor_.redact(line) << '\n'; }

void Console::note(std::string_view line) {
  const StatusLine::Hidden hidden(status_line_);
  errors_ << redactor_.redact(line) << '\n' << std::flush;
}

void Console::fail(std::string_view message) {
  const StatusLine::Hidden hidden(status_line_);
  errors_ << "dovetail: " << redactor_.redact(message) << '\n' << std::flush;
}

void Console::say_json(json::Writer&& writer) { out_ << redactor_.redact(std::move(writer).take()) << '\n'; }

std::unique_ptr<RowWriter> Console::rows(Format format, std::vector<Column> columns) {
  return make_row_writer(format, std::move(columns), out_,
                         {.width = facts_.output_is_terminal ? facts_.width : 0, .color = facts_.color});
}

} // namespace dovetail::cli
