// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "listing.hpp"

namespace dovetail::monday {

/// All boards that the token sees, archived ones too; without the hidden boards of subitems.
class BoardReader final : public sdk::ObjectReader {
public:
  explicit BoardReader(const Settings& settings)
      : settings_(settings), list_("boards", "state:all,order_by:created_at", settings.list_size) {}
  [[nodiscard]] sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override;

private:
  const Settings& settings_;
  Listing list_;
};

/// The account's users, deactivated ones too.
class UserReader final : public sdk::ObjectReader {
public:
  explicit UserReader(const Settings& settings)
      : list_("users", "status:[ACTIVE,INACTIVE,PENDING]", settings.list_size) {}
  [[nodiscard]] sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override;

private:
  Listing list_;
};

} // namespace dovetail::monday
