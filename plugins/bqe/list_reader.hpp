// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api.hpp"
#include "dovetail/sdk/sdk.hpp"
#include "settings.hpp"
#include "walk.hpp"

namespace dovetail::bqe {

/// Reads one object: in a delta first what was deleted, then what changed; in a full read everything, in the order of the last change.
///
/// A full read proves what is gone, so it does not take a short page for the end: it looks once more at the last minutes of changes, into
/// which rows that moved may have gone, and at the page behind the last one, which must be empty.
class ListReader final : public sdk::ObjectReader {
public:
  ListReader(const Settings& settings, const ObjectSettings& object) : settings_(settings), object_(object) {}

  [[nodiscard]] sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override;

private:
  enum class Phase : std::uint8_t { deletions, list, tail, confirm };
  struct Position {
    Phase phase = Phase::list;
    Walk walk;
    std::optional<sdk::Timestamp> newest; ///< of the phase
    bool empty = false;                   ///< of the phase `confirm`: the last page had no row
    int confirmations = 0;
  };

  [[nodiscard]] sdk::Result<Position> read_position(sdk::Context& context, const sdk::ReadRequest& request) const;
  [[nodiscard]] sdk::Result<Position> begin(sdk::Context& context, const sdk::ReadRequest& request) const;
  [[nodiscard]] Position begin_list(const sdk::ReadRequest& request) const;
  [[nodiscard]] static std::string cursor_of(const Position& position);

  [[nodiscard]] sdk::Status read_deletions(sdk::Context& context, const sdk::ReadRequest& request, Position position,
                                           sdk::Page& page) const;
  [[nodiscard]] sdk::Status read_list(sdk::Context& context, const sdk::ReadRequest& request, Position position,
                                      sdk::Page& page) const;
  [[nodiscard]] sdk::Status confirm(const PageLook& look, Position position, sdk::Page& page,
                                    std::optional<sdk::Timestamp> mark) const;

  [[nodiscard]] std::vector<std::string> fields(const sdk::ReadRequest& request) const;
  [[nodiscard]] std::size_t largest_page(bool expands) const;
  [[nodiscard]] std::size_t page_size(const Walk& walk, bool expands) const;
  [[nodiscard]] sdk::Url list_url(const sdk::ReadRequest& request, const Position& position, std::size_t& size) const;
  [[nodiscard]] sdk::Url deletions_url(const Walk& walk) const;
  [[nodiscard]] std::string order_by(const std::string& field) const;
  [[nodiscard]] std::string page_text(const Walk& walk, std::size_t size) const;
  [[nodiscard]] std::vector<std::string> expanded(const std::vector<std::string>& fields) const;

  const Settings& settings_;
  const ObjectSettings& object_;
};

} // namespace dovetail::bqe
