// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace dovetail::store {

/// Which process holds something, so that another can tell whether that process is still there. Process ids are used again and
/// again: only together with the start of the process, the boot of the machine and the namespace of the ids do they name one.
struct ProcessIdentity {
  std::string host;
  std::string boot_id; ///< the kernel's id of this boot and of the process-id namespace; empty when unknown
  std::int64_t process_id = 0;
  std::int64_t process_start = 0; ///< in clock ticks since boot (proc(5), field 22 of stat)

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

/// This process.
[[nodiscard]] ProcessIdentity this_process();

/// Whether `process` runs: false only where that can be known for certain, on the same boot and in the same namespace.
[[nodiscard]] bool may_be_alive(const ProcessIdentity& process);

} // namespace dovetail::store
