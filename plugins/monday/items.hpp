// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api.hpp"
#include "selection.hpp"
#include "settings.hpp"

namespace dovetail::monday {

/// The items of one board, by items_page and its cursors.
///
/// A full read goes through them in the order of their creation, so that it can go on behind the last one it has read when the cursor is gone
/// (the API keeps it for an hour). A delta goes from the last change backwards and stops at the first item that is older than `since`.
class ItemReader final : public sdk::ObjectReader {
public:
  /// `object`: the manifest's key; says which boards of the config are read.
  ItemReader(const Settings& settings, std::string_view object)
      : settings_(settings), object_(object), size_(settings.page_size) {}
  [[nodiscard]] sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override;

private:
  /// Where a board's listing stands. All of it is in the host's cursor, so any process can go on.
  struct Cursor {
    std::string at;                      ///< the API's cursor; "": the first page
    sdk::Timestamp began{};              ///< when the API's cursor was given first
    std::int64_t size = 0;               ///< items to ask for
    std::int64_t most = 0;               ///< what `size` may grow to again
    std::string created;                 ///< time of creation of the last item that was read
    bool ordered = true;                 ///< the items came in the order that was asked for
    bool skipping = false;               ///< goes forward to `created` without reading
    std::int64_t restarts = 0;           ///< since the last page that was read
    std::optional<sdk::Timestamp> mark;  ///< the newest change, as the first page told it
    std::int64_t left = -1;              ///< complexity left of the minute; -1: unknown
    std::int64_t cost = 0;               ///< what the last page cost
    std::optional<sdk::Timestamp> reset; ///< when the minute's complexity begins anew
  };
  struct Board {
    std::string id;
    std::string name;
  };
  /// What one read_page works with.
  struct Read {
    const sdk::ReadRequest& request;
    Board board;
    Selection selection;
    bool delta = false;
    Cursor cursor;
  };
  /// The answer to one page's query, and where its items stand.
  struct Listed {
    Answer answer;
    std::string place;
  };
  struct Seen {
    std::uint64_t count = 0;
    std::uint64_t older = 0;          ///< made before the last item that was read
    std::vector<std::uint64_t> fresh; ///< places of those that a delta wants: the filter by day gives older ones too
    std::string last_created;
    std::optional<sdk::Timestamp> oldest_change;
    std::optional<sdk::Timestamp> newest_change;
    bool ordered = true;
  };

  [[nodiscard]] sdk::Result<Cursor> read_cursor(sdk::Context& context, const sdk::ReadRequest& request) const;
  [[nodiscard]] static sdk::Status go_on(const Cursor& cursor, sdk::Page& page);
  [[nodiscard]] std::string first_document(const Read& read, std::string_view fields) const;
  [[nodiscard]] std::string first_variables(sdk::Context& context, const Read& read, std::int64_t size) const;
  [[nodiscard]] sdk::Result<Listed> list(sdk::Context& context, Read& read, std::string_view fields, std::int64_t size);
  [[nodiscard]] sdk::Result<Listed> list_smaller(sdk::Context& context, Read& read);
  [[nodiscard]] static sdk::Result<Seen> look_at(const Listed& listed, const Read& read);
  [[nodiscard]] static sdk::Status hand_over(const Listed& listed, const Seen& seen, const Board& board,
                                             sdk::Page& page);
  [[nodiscard]] sdk::Status read_items(sdk::Context& context, Read& read, sdk::Page& page);
  [[nodiscard]] sdk::Status skip_items(sdk::Context& context, Read& read, sdk::Page& page);
  [[nodiscard]] sdk::Status begin_anew(sdk::Context& context, Read& read, sdk::Page& page) const;
  [[nodiscard]] sdk::Status check_budget(sdk::Context& context, Cursor& cursor) const;
  void keep_budget(sdk::Context& context, const Answer& answer, Cursor& cursor) const;

  const Settings& settings_;
  std::string object_;
  /// How many items to begin with: less after the API said that there were too many. A hint; losing it costs one refusal.
  std::int64_t size_;
};

} // namespace dovetail::monday
