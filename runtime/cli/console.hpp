// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/redact.hpp"
#include "core/base/result.hpp"
#include "core/json/writer.hpp"
#include "runtime/cli/table.hpp"

namespace dovetail::cli {

/// When to use colours: `automatic` on a terminal, unless NO_COLOR is set (no-color.org).
enum class ColorMode : std::uint8_t { automatic, always, never };

/// What the program's streams are.
struct StreamFacts {
  bool input_is_terminal = false;
  bool output_is_terminal = false;
  bool errors_are_terminal = false;
  std::size_t width = 0; ///< columns of the terminal; 0 when there is none
  bool color = false;
};
/// Of this process's standard streams.
[[nodiscard]] StreamFacts standard_streams(ColorMode color);

/// One line at the bottom of standard error that is written over again and again; nothing where that is no terminal. Thread-safe.
class StatusLine {
public:
  StatusLine(std::ostream& errors, bool enabled, std::size_t width);
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  StatusLine(StatusLine&&) = delete;
  StatusLine& operator=(StatusLine&&) = delete;

  [[nodiscard]] bool enabled() const noexcept { return enabled_; }
  [[nodiscard]] std::size_t width() const noexcept { return width_; }
  /// Shows `text`, cut to the terminal's width.
  void show(std::string_view text);
  void clear();

  /// Takes the line away for as long as it lives, so that something else can be written there.
  class Hidden {
  public:
    explicit Hidden(StatusLine& line);
    ~Hidden();
    Hidden(const Hidden&) = delete;
    Hidden& operator=(const Hidden&) = delete;
    Hidden(Hidden&&) = delete;
    Hidden& operator=(Hidden&&) = delete;

  private:
    StatusLine& line_;
    std::unique_lock<std::mutex> lock_;
  };

private:
  void draw(std::string_view text);

  std::ostream& errors_;
  const bool enabled_;
  const std::size_t width_;
  std::mutex mutex_;
  // guarded by mutex_
  std::string text_;
};

/// A Logger that takes the status line away while `inner` writes its line.
[[nodiscard]] std::unique_ptr<Logger> make_logger_beside(std::unique_ptr<Logger> inner, StatusLine& line);

/// What the program says. Sentences pass the Redactor; what goes to `out()` directly must hold no secret. Used by one thread, but for
/// `status_line()`, `note()` and `fail()`, which any thread may use.
class Console {
public:
  /// All must outlive the console.
  Console(std::ostream& out, std::ostream& errors, const Redactor& redactor, const StreamFacts& facts)
      : out_(out), errors_(errors), redactor_(redactor), facts_(facts),
        status_line_(errors, facts.errors_are_terminal, facts.width) {}

  [[nodiscard]] std::ostream& out() noexcept { return out_; }
  [[nodiscard]] const StreamFacts& facts() const noexcept { return facts_; }
  [[nodiscard]] StatusLine& status_line() noexcept { return status_line_; }
  [[nodiscard]] std::string redact(std::string_view text) const { return redactor_.redact(text); }

  /// A line on standard output.
  void say(std::string_view line);
  /// A line on standard error: a hint, a warning.
  void note(std::string_view line);
  /// "dovetail: `message`" on standard error.
  void fail(std::string_view message);
  void fail(const Error& error) { fail(error.message); }
  /// A whole JSON text on standard output.
  void say_json(json::Writer&& writer);

  /// Rows on standard output, in a table fitted to the terminal or as JSON.
  [[nodiscard]] std::unique_ptr<RowWriter> rows(Format format, std::vector<Column> columns);

private:
  std::ostream& out_;
  std::ostream& errors_;
  const Redactor& redactor_;
  const StreamFacts facts_;
  StatusLine status_line_;
};

/// A secret typed at the terminal without being shown. Errors: failed_precondition when there is no terminal; cancelled when the person ended it.
[[nodiscard]] Result<Secret> ask_secret(std::string_view question);
/// Whether the person typed "yes" at the terminal. Errors as ask_secret().
[[nodiscard]] Result<bool> ask_yes(std::string_view question);

} // namespace dovetail::cli
