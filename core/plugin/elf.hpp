// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/base/result.hpp"

namespace dovetail::plugin {

/// Whether these bytes can be a shared object for this machine, as far as their ELF headers tell, before anything maps them: magic,
/// class, byte order, type, machine, and that the program headers and the segments that they name lie inside the file. The Error
/// (failed_precondition) says what the file is instead and what to do; `name` stands in it.
[[nodiscard]] Status check_shared_object(std::string_view name, std::string_view bytes);

} // namespace dovetail::plugin
