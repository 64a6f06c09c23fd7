// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/probe.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/child_process.hpp"
#include "core/json/document.hpp"
#include "core/json/writer.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/slice.hpp"

namespace dovetail::plugin {

namespace {

// Real time, not a Clock: what is waited for is a real process, also when the rest of the world is simulated.
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t max_answer_bytes = 64U << 10U;
constexpr rlim_t max_memory_bytes = rlim_t{2} << 30U;
constexpr rlim_t max_cpu_seconds = 10;
constexpr rlim_t max_open_files = 64;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true; // maps terabytes of shadow memory
#else
constexpr bool sanitized = false;
#endif

std::string reason_of(int number) { return std::generic_category().message(number); }

Error refuse(std::string_view name, std::string_view what) {
  return failed_precondition(
      fmt::format("{} {}. It was opened in a process of its own, which has ended; Dovetail goes on without this "
                  "plugin. Report it to the plugin's author, or install another version",
                  name, what));
}

class Pipe {
public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) {
      ends_ = {-1, -1};
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  Pipe(Pipe&&) = delete;
  Pipe& operator=(Pipe&&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  [[nodiscard]] bool valid() const noexcept { return ends_[0] >= 0; }
  [[nodiscard]] int reader() const noexcept { return ends_[0]; }
  [[nodiscard]] int writer() const noexcept { return ends_[1]; }
  void close_writer() noexcept { close_end(1); }

private:
  void close_end(std::size_t end) noexcept {
    if (ends_.at(end) >= 0) {
      ::close(ends_.at(end));
      ends_.at(end) = -1;
    }
  }
  std::array<int, 2> ends_{};
};

/// posix_spawn with the pipe as standard output and nothing else open; the errno on failure.
int spawn(const std::string& program, const std::vector<std::string>& arguments, int output, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> texts = {program};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  std::transform(texts.begin(), texts.end(), std::back_inserter(argv), [](std::string& text) { return text.data(); });
  argv.push_back(nullptr);
  std::array<char*, 1> environment{};
  const int result = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return result;
}

/// Reads up to the end of the pipe, or until `end`; what is too long is cut.
std::string read_answer(int fd, SteadyTime end) {
  std::string answer;
  std::array<char, 4096> buffer{};
  while (answer.size() <= max_answer_bytes) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd waiting{fd, POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
    if (ready == 0) {
      break;
    }
    const auto got = ready < 0 ? -1 : ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      break;
    }
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return answer;
}

void limit(__rlimit_resource resource, rlim_t value) {
  const rlimit bound{value, value};
  static_cast<void>(::setrlimit(resource, &bound)); // a tighter bound that is already set stays
}

/// What this process may still do once a stranger's code runs in it.
void confine() {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_CPU, max_cpu_seconds);
  limit(RLIMIT_NOFILE, max_open_files);
  if (!sanitized) {
    limit(RLIMIT_AS, max_memory_bytes);
  }
}

Result<PluginInfo> open_and_ask(const std::filesystem::path& file, std::string_view name, const AbiVersion& host) {
  DOVETAIL_TRY(const auto library, Library::open(name, file));
  DOVETAIL_TRY(auto tables, query_plugin(name, library.query(), host));
  return std::move(tables.info);
}

} // namespace

Result<PluginInfo> probe_in_child(const ProbeOptions& options, std::string_view name,
                                  const std::filesystem::path& file) {
  Pipe pipe;
  if (!pipe.valid()) {
    return unavailable("No pipe for probing a plugin: " + reason_of(errno));
  }
  pid_t pid = 0;
  const std::vector<std::string> arguments = {"--probe",         file.string(), "--name",
                                              std::string(name), "--abi",       to_string(options.abi)};
  const int problem = spawn(options.program.string(), arguments, pipe.writer(), pid);
  if (problem != 0) {
    return unavailable(fmt::format("{} cannot be run to probe {}: {}. Install it beside dovetail",
                                   options.program.string(), name, reason_of(problem)));
  }
  ChildProcess child(pid);
  pipe.close_writer();
  const auto end = std::chrono::steady_clock::now() + options.timeout;
  const auto answer = read_answer(pipe.reader(), end);
  const auto status = child.wait_until(end);
  if (!status) {
    return refuse(name,
                  fmt::format("did not say who it is within {} ms (it hangs in a constructor or in dvt_plugin_query)",
                              options.timeout.count()));
  }
  if (WIFSIGNALED(*status)) {
    const int signal = WTERMSIG(*status);
    return refuse(name, fmt::format("crashed when it was opened or asked who it is (signal {}, {})", signal,
                                    sigdescr_np(signal) == nullptr ? "unknown" : sigdescr_np(signal)));
  }
  auto result = read_probe_answer(answer);
  if (!result.ok() && result.error().code == ErrorCode::data_loss) {
    return refuse(name, fmt::format("ended the process that opened it (exit status {})", WEXITSTATUS(*status)));
  }
  return result;
}

void run_probe(const std::filesystem::path& file, std::string_view name, const AbiVersion& host) {
  confine();
  // The plugin must neither write into the answer nor find it: it gets /dev/null as its output.
  const int answer_fd = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  const int null_fd = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null_fd >= 0) {
    ::dup2(null_fd, STDOUT_FILENO);
    ::dup2(null_fd, STDERR_FILENO);
  }
  const auto result = open_and_ask(file, name, host);
  const auto answer = probe_answer(result) + "\n";
  for (std::string_view left = answer; !left.empty();) {
    const auto put = ::write(answer_fd, left.data(), left.size());
    if (put < 0 && errno != EINTR) {
      ::_exit(2);
    }
    left.remove_prefix(put < 0 ? 0 : static_cast<std::size_t>(put));
  }
  ::_exit(result.ok() ? 0 : 1);
}

std::string to_string(const AbiVersion& abi) { return fmt::format("{}.{}", abi.major, abi.minor); }

std::optional<AbiVersion> read_abi_version(std::string_view text) {
  AbiVersion abi;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, abi.major);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') {
    return std::nullopt;
  }
  const auto minor = std::from_chars(major.ptr + 1, end, abi.minor);
  const bool good = minor.ec == std::errc{} && minor.ptr == end && abi.major <= UINT16_MAX && abi.minor <= UINT16_MAX;
  return good ? std::optional(abi) : std::nullopt;
}

std::string probe_answer(const Result<PluginInfo>& result) {
  json::Writer writer;
  writer.begin_object();
  if (!result.ok()) {
    writer.key("error").begin_object();
    writer.key("code").string(to_string(result.error().code));
    writer.key("message").string(result.error().message).end_object();
  } else {
    writer.key("plugin").begin_object();
    writer.key("key").string(result->key);
    writer.key("version").string(result->version);
    writer.key("abi")
        .begin_object()
        .key("major")
        .value(result->abi.major)
        .key("minor")
        .value(result->abi.minor)
        .end_object();
    writer.key("capabilities").begin_array();
    for (const auto& capability : result->capabilities) {
      writer.string(capability);
    }
    writer.end_array().end_object();
  }
  writer.end_object();
  return std::string(writer.view());
}

Result<PluginInfo> read_probe_answer(std::string_view answer) {
  const auto damaged = [] { return data_loss("The probe's answer is not what dovetail-plugin-host writes"); };
  const auto document = json::Document::parse(answer);
  if (!document.ok()) {
    return damaged();
  }
  const auto root = document->root();
  if (root["error"].is_object()) {
    Error error;
    error.code = error_code_from_name(root.string_or("/error/code", "")).value_or(ErrorCode::unknown);
    error.message = clean_text(root.string_or("/error/message", ""), limits::max_error_message_bytes);
    return error;
  }
  const auto plugin = root["plugin"];
  const auto major = plugin.int64_or("/abi/major", -1);
  const auto minor = plugin.int64_or("/abi/minor", -1);
  if (!plugin.is_object() || major < 0 || major > UINT16_MAX || minor < 0 || minor > UINT16_MAX) {
    return damaged();
  }
  PluginInfo info;
  info.key = plugin.string_or("/key", "");
  info.version = plugin.string_or("/version", "");
  info.abi = {static_cast<std::uint32_t>(major), static_cast<std::uint32_t>(minor)};
  for (const auto capability : plugin["capabilities"].elements()) {
    info.capabilities.emplace_back(capability.as_string().value_or(""));
  }
  return info;
}

} // namespace dovetail::plugin
