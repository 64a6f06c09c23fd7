// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api.hpp"

namespace dovetail::github {

/// GET /orgs/{org}/members, once for each role because the list does not tell it, and (where profiles are wanted) GET /users/{login} for
/// name and e-mail address. Profiles are the records then; each costs a request, a 304 as long as it does not change.
class MemberReader final : public sdk::ObjectReader {
public:
  explicit MemberReader(const Settings& settings) : settings_(settings), lists_(settings) {}
  [[nodiscard]] sdk::Status read_page(sdk::Context& context, const sdk::ReadRequest& request, sdk::Page& page) override;

private:
  struct Cursor {
    std::string role = "admin";
    std::string address;             ///< of the list page to read once `listed` are done; "" when there is none
    std::vector<std::string> listed; ///< whose profiles are still to be read, as "login:id"
  };
  [[nodiscard]] sdk::Result<Cursor> begin(sdk::Context& context, const sdk::ReadRequest& request) const;
  [[nodiscard]] std::string list_address(const std::string& role) const;
  [[nodiscard]] sdk::Status read_list(sdk::Context& context, Cursor& cursor, sdk::Page& page) const;
  [[nodiscard]] sdk::Status read_profile(sdk::Context& context, std::string_view listed, const std::string& role,
                                         sdk::Page& page) const;
  [[nodiscard]] sdk::Status read_profiles(sdk::Context& context, Cursor& cursor, sdk::Page& page) const;
  [[nodiscard]] sdk::Status go_on(Cursor cursor, sdk::Page& page) const;

  const Settings& settings_;
  ListReader lists_;
};

} // namespace dovetail::github
