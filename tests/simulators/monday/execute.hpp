// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tests/simulators/json_text.hpp"
#include "tests/simulators/monday/schema.hpp"
#include "tests/simulators/monday/world.hpp"

namespace dovetail::simulators::monday {

/// What the service answers instead of a value. Thrown by resolvers, caught at the root field that it spoils.
struct ApiError {
  std::string code;
  std::string message;
  int status = 200; ///< "status_code"
  std::string column = {};
};

/// What a query costs, before it is run: one for each field, times the records that lists may give.
[[nodiscard]] std::int64_t complexity_of(const Document& document);

struct ComplexityState {
  std::int64_t query = 0;
  std::int64_t before = 0;
  std::int64_t after = 0;
  std::int64_t reset_s = 60;
};

/// Runs one checked document over the world.
class Execution {
public:
  struct Parts {
    World& world;
    const Document& document;
    Second now;
    std::int64_t user = 0;
    std::string version;
    ComplexityState complexity = {};
    std::chrono::minutes cursor_life{60};
    /// Asked when a webhook is made: whether its address answers the challenge.
    std::function<bool(const std::string& url)> challenge = {};
  };

  explicit Execution(Parts parts) : parts_(std::move(parts)) {}
  /// The members "data" and, where something went wrong, "errors", without the braces around them.
  [[nodiscard]] std::string run();
  /// Codes of the errors that `run` wrote, in their order.
  [[nodiscard]] const std::vector<std::string>& codes() const noexcept { return codes_; }

private:
  struct Page {
    std::vector<const Item*> items;
    std::string cursor;
  };
  /// What a cursor carries: which board, the order, the filter and the last item that was given.
  struct Listing {
    std::int64_t board = 0;
    std::string order; ///< "", "created" or "updated"
    bool descending = false;
    std::int64_t since = 0; ///< Unix seconds; items that changed before do not count
    std::int64_t last_time = 0;
    std::int64_t last_id = 0; ///< 0: from the beginning
    std::int64_t born = 0;
  };

  using Json = JsonText;
  void root(Json& out, const Selection& field);
  void root_query(Json& out, const Selection& field);
  void root_mutation(Json& out, const Selection& field);
  void complexity(Json& out, const Selection& field) const;
  void boards(Json& out, const Selection& field);
  void board(Json& out, const Selection& field, const Board& board);
  void columns(Json& out, const Selection& field, const Board& board) const;
  void groups(Json& out, const Selection& field, const Board& board) const;
  void items(Json& out, const Selection& field);
  void item(Json& out, const Selection& field, const Board& board, const Item& item);
  void item_field(Json& out, const Selection& field, const Board& board, const Item& item);
  void column_values(Json& out, const Selection& field, const Board& board, const Item& item);
  void users(Json& out, const Selection& field);
  void user(Json& out, const Selection& field, const User& user) const;
  void page(Json& out, const Selection& field, const Board& board, const Page& page);
  void webhook(Json& out, const Selection& field, const Webhook& webhook) const;
  void webhooks(Json& out, const Selection& field);
  [[nodiscard]] Page first_page(const Selection& field, const Board& board) const;
  [[nodiscard]] Page read(Listing listing, std::int64_t limit) const;
  [[nodiscard]] Listing listing_of(const Value* params, const Board& board) const;
  [[nodiscard]] Listing decode(const std::string& cursor) const;
  [[nodiscard]] static std::string encode(const Listing& listing);
  void create_item(Json& out, const Selection& field);
  void change_item(Json& out, const Selection& field);
  void retire_item(Json& out, const Selection& field, State state);
  void create_webhook(Json& out, const Selection& field);
  void write_columns(Board& board, Item& item, const std::string& json, bool create_labels);
  [[nodiscard]] Board& board_for(const Selection& field);
  [[nodiscard]] Item& item_for(const Selection& field, Board*& board);

  Parts parts_;
  std::vector<std::string> codes_;
};

} // namespace dovetail::simulators::monday
