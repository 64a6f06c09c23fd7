// SPDX-License-Identifier: Apache-2.0
#include "repositories.hpp"

namespace dovetail::github {

using namespace sdk;

Status RepositoryReader::read_page(Context& context, const ReadRequest& request, Page& page) {
  std::string address;
  if (!request.first_page()) {
    DVT_TRY(const auto cursor, context.parse(request.cursor));
    DVT_TRY(address, cursor.string("/next"));
  } else if (settings_.organization.empty()) {
    address = Url("user")
                  .segment("repos")
                  .query("sort", "full_name")
                  .query("direction", "asc")
                  .query("per_page", page_size)
                  .text();
  } else {
    address = Url("orgs")
                  .segment(settings_.organization)
                  .segment("repos")
                  .query("type", "all")
                  .query("sort", "full_name")
                  .query("direction", "asc")
                  .query("per_page", page_size)
                  .text();
  }
  DVT_TRY(const auto list, lists_.read(context, page, address, "",
                                       "listing the repositories" +
                                           (settings_.organization.empty() ? "" : " of " + settings_.organization)));
  return list.next.empty() ? page.exhausted()
                           : page.next(JsonWriter().open_object().member("next", list.next).close().text());
}

} // namespace dovetail::github
