// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/limits.hpp"
#include "runtime/cli/console.hpp"

namespace dovetail::cli {
namespace {

constexpr char end_of_text = 0x03;  // Ctrl-C
constexpr char end_of_input = 0x04; // Ctrl-D
constexpr char erase_line = 0x15;   // Ctrl-U
constexpr char backspace = 0x08;
constexpr char erase = 0x7F;

/// The terminal that the program was started from, whatever its streams are; characters come one by one and are not shown. Its
/// settings come back on destruction. Signals are characters here, so that none can leave it mute.
class QuietTerminal {
public:
  QuietTerminal() : descriptor_(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) { // NOLINT(*-vararg)
    if (descriptor_ >= 0 && ::tcgetattr(descriptor_, &before_) == 0) {
      termios quiet = before_;
      quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
      quiet.c_cc[VMIN] = 1;
      quiet.c_cc[VTIME] = 0;
      ready_ = ::tcsetattr(descriptor_, TCSAFLUSH, &quiet) == 0;
    }
  }
  ~QuietTerminal() {
    if (ready_) {
      ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    }
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  QuietTerminal(QuietTerminal&&) = delete;
  QuietTerminal& operator=(QuietTerminal&&) = delete;

  [[nodiscard]] bool ready() const noexcept { return ready_; }

  void write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor_, text.data(), text.size());
      if (written <= 0 && errno != EINTR) {
        return;
      }
      text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
  }

  /// False at the terminal's end.
  [[nodiscard]] bool read(char& letter) const {
    ssize_t got = 0;
    do {
      got = ::read(descriptor_, &letter, 1);
    } while (got < 0 && errno == EINTR);
    return got == 1;
  }

private:
  int descriptor_;
  termios before_{};
  bool ready_ = false;
};

// One line; with `shown` its characters appear as they are typed.
Result<Secret> ask(std::string_view question, bool shown) {
  const QuietTerminal terminal;
  if (!terminal.ready()) {
    return failed_precondition("there is no terminal to ask at");
  }
  terminal.write(question);
  // Room for all of it at once: a growing string would leave copies in freed memory.
  std::string line;
  line.reserve(limits::max_secret_bytes);
  Error problem = cancelled("nothing was entered");
  bool complete = false;
  char letter = '\0';
  while (!complete && terminal.read(letter) && letter != end_of_text && letter != end_of_input) {
    if (letter == '\n' || letter == '\r') {
      complete = true;
    } else if (letter == erase || letter == backspace) {
      if (!line.empty()) {
        line.pop_back();
        terminal.write(shown ? "\b \b" : "");
      }
    } else if (letter == erase_line) {
      line.clear();
    } else if (line.size() >= limits::max_secret_bytes) {
      problem = resource_exhausted("what was entered is too long");
      break;
    } else {
      line += letter;
      terminal.write(shown ? std::string_view(&letter, 1) : std::string_view());
    }
  }
  terminal.write("\n");
  Secret entered(std::string_view{line});
  wipe(line.data(), line.size());
  if (!complete) {
    return problem;
  }
  return entered;
}

} // namespace

Result<Secret> ask_secret(std::string_view question) { return ask(question, false); }

Result<bool> ask_yes(std::string_view question) {
  DOVETAIL_TRY(const Secret answer, ask(question, true));
  return answer.reveal() == "yes";
}

} // namespace dovetail::cli
