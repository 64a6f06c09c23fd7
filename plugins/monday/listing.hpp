// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api.hpp"
#include "settings.hpp"

namespace dovetail::monday {

/// A root field that is paged by number ("boards", "users"). What was inserted or deleted meanwhile moves the pages: so each page is asked for
/// together with the one before it, whose last id must still be what it was, or the listing begins anew.
class Listing {
public:
  /// `arguments` go beside limit and page, e.g. "state:all".
  Listing(std::string_view root, std::string_view arguments, std::int64_t size)
      : root_(root), arguments_(arguments), size_(size) {}

  /// Reads one page. `give` hands the records at /data/<root> over.
  [[nodiscard]] sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, std::string_view fields,
                                      sdk::Page& page, const std::function<sdk::Status(const Answer&)>& give) const;

private:
  struct Cursor {
    std::int64_t page = 1;
    std::string last = {}; ///< id of the last record of the page before
    std::int64_t restarts = 0;
    std::int64_t size = 0; ///< records asked for at once
  };
  [[nodiscard]] sdk::Result<Cursor> read_cursor(sdk::Context& context, const sdk::ReadRequest& request) const;
  [[nodiscard]] static sdk::Status go_on(const Cursor& cursor, sdk::Page& page);
  [[nodiscard]] std::string document(std::string_view fields, bool with_page_before) const;
  /// The id at the end of an array of records; "" where it is empty.
  [[nodiscard]] static sdk::Result<std::string> last_id(const sdk::Json& body, const std::string& pointer);

  std::string root_;
  std::string arguments_;
  std::int64_t size_;
};

} // namespace dovetail::monday
