// SPDX-License-Identifier: Apache-2.0
#include "core/store/process_identity.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>

#include <climits>
#include <sys/stat.h>
#include <unistd.h>

namespace dovetail::store {
namespace {

std::string boot_id() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  struct stat space {};
  if (id.empty() || ::stat("/proc/self/ns/pid", &space) != 0) {
    return {};
  }
  return id + "/" + std::to_string(space.st_ino);
}

/// Field 22 of /proc/<pid>/stat; 0 when there is no such process. The second field, the program's name in parentheses, may
/// hold anything: fields are counted from its last parenthesis.
std::int64_t start_of(std::int64_t process_id) {
  std::string line;
  std::getline(std::ifstream("/proc/" + std::to_string(process_id) + "/stat"), line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) {
    return 0;
  }
  std::istringstream fields(line.substr(name_end + 1));
  constexpr int fields_before_start = 19; // from the third, the state
  std::string skipped;
  fields >> skipped;
  if (skipped == "Z" || skipped == "X") {
    return 0; // dead, and only not yet collected by its parent
  }
  for (int field = 1; field < fields_before_start; ++field) {
    fields >> skipped;
  }
  std::int64_t start = 0;
  fields >> start;
  return start;
}

} // namespace

ProcessIdentity this_process() {
  std::array<char, HOST_NAME_MAX + 1> host{};
  ::gethostname(host.data(), host.size() - 1);
  const auto id = static_cast<std::int64_t>(::getpid());
  return {host.data(), boot_id(), id, start_of(id)};
}

bool may_be_alive(const ProcessIdentity& process) {
  const ProcessIdentity self = this_process();
  if (self.boot_id.empty() || process.host != self.host || process.boot_id != self.boot_id ||
      process.process_start == 0) {
    return true;
  }
  if (start_of(process.process_id) == process.process_start) {
    return true;
  }
  // Where /proc hides the processes of others (hidepid), a signal still tells that one exists: then nothing is certain.
  return ::kill(static_cast<pid_t>(process.process_id), 0) != 0 && errno == EPERM;
}

} // namespace dovetail::store
