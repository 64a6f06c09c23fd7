// SPDX-License-Identifier: Apache-2.0
// monday.so: boards, users and items over the GraphQL API (developer.monday.com/api-reference, version 2026-10).
#include <memory>
#include <string>
#include <utility>

#include "accounts.hpp"
#include "actions.hpp"
#include "api.hpp"
#include "discovery.hpp"
#include "items.hpp"
#include "settings.hpp"

namespace {

using namespace dovetail::sdk;
using namespace dovetail::monday;

class MondayProvider final : public Provider, public Discovery, public Actions {
public:
  static Result<std::unique_ptr<MondayProvider>> create(Context& context, const Config& config) {
    DVT_TRY(auto settings, read_settings(context, config));
    return std::make_unique<MondayProvider>(std::move(settings));
  }

  explicit MondayProvider(Settings settings) : settings_(std::move(settings)) {
    readers_.add<BoardReader>("board", settings_);
    readers_.add<UserReader>("user", settings_);
    readers_.add<ItemReader>("item", settings_, "item");
    readers_.add<ItemReader>("project_item", settings_, "project_item");
  }

  Status read_page(Context& context, const ReadRequest& request, Page& page) override {
    return readers_.read_page(context, request, page);
  }

  Status test_connection(Context& context, Report& report) override {
    std::vector<std::string> boards = settings_.ticket_boards;
    boards.insert(boards.end(), settings_.project_boards.begin(), settings_.project_boards.end());
    JsonWriter variables;
    variables.open_object().name("boards").open_array();
    for (const auto& board : boards) {
      variables.value(board);
    }
    variables.close().member("limit", std::max<std::size_t>(boards.size(), 1)).close();
    const std::string document = "query($boards:[ID!],$limit:Int!){" + std::string(complexity_fields) +
                                 "me{id name} version{kind value} boards(ids:$boards,limit:$limit,state:all){id}}";
    DVT_TRY(const auto answer, ask_plainly(context, document, variables.text(), "asking whom the token belongs to"));
    return judge(answer.body, boards, report);
  }

  Status discover(Context& context, std::string_view object, Fields& fields) override {
    return discover_fields(context, settings_, object, fields);
  }

  Status invoke(Context& context, const ActionRequest& request, ActionResult& result) override {
    return invoke_action(context, settings_, request, result);
  }

private:
  Status judge(const Json& body, const std::vector<std::string>& boards, Report& report) const {
    std::string seen = " ";
    if (!boards.empty()) {
      DVT_TRY_STATUS(body.for_each("/data/boards", {"/id"},
                                   [&seen](const JsonElement& board) { seen += std::string(board[0].text()) + " "; }));
    }
    std::string missing;
    for (const auto& board : boards) {
      if (seen.find(" " + board + " ") == std::string::npos) {
        missing += (missing.empty() ? "" : ", ") + board;
      }
    }
    const std::string version(body.string_or("/data/version/value", ""));
    JsonWriter findings;
    findings.open_object().member("user", body.string_or("/data/me/name", ""));
    findings.member("user_id", body.string_or("/data/me/id", "")).member("api_version", version);
    if (const auto complexity = complexity_of(body)) {
      findings.member("complexity_left", complexity->after);
    }
    if (!missing.empty()) {
      findings.member("boards_not_visible", missing);
    }
    report.tell(findings.close().text());
    if (!settings_.api_version.empty() && !version.empty() && version != settings_.api_version) {
      return make_error(Code::failed_precondition,
                        "the API answered with version " + version + " instead of " + settings_.api_version +
                            ": set \"apiVersion\" in the connection's config to one that it has");
    }
    if (!missing.empty()) {
      return make_error(Code::not_found,
                        "the token does not see the board " + missing +
                            ": check the ids in the connection's config, and that the token's user may see them");
    }
    return {};
  }

  Settings settings_; // the readers refer to it
  Readers readers_;
};

} // namespace

DOVETAIL_PLUGIN("monday", "1.0.0", MondayProvider)
