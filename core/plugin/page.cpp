// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/page.hpp"

#include <fmt/format.h>

namespace dovetail::plugin {

Status CursorGuard::next(std::string_view cursor) {
  if (++pages_ > max_pages_) {
    return out_of_range(
        fmt::format("The source is not exhausted after {} pages: narrow the read with filters or a later start, "
                    "or report it to the plugin's author",
                    max_pages_));
  }
  if (pages_ > 1 && cursor == kept_) {
    return failed_precondition(
        fmt::format("The plugin goes round in circles: after {} pages it gave a cursor that it had "
                    "given before. Report it to the plugin's author",
                    pages_));
  }
  if (pages_ == renew_at_) {
    kept_ = cursor;
    renew_at_ *= 2;
  }
  return {};
}

} // namespace dovetail::plugin
