// SPDX-License-Identifier: Apache-2.0
// bqe.so: projects, clients and employees over the BQE CORE REST API (api-explorer.bqecore.com, as of 2026.03).
#include <memory>
#include <string>
#include <utility>

#include "api.hpp"
#include "list_reader.hpp"
#include "settings.hpp"

namespace {

using namespace dovetail::sdk;
using namespace dovetail::bqe;

class BqeProvider final : public Provider {
public:
  static Result<std::unique_ptr<BqeProvider>> create(Context& context, const Config& config) {
    DVT_TRY(auto settings, read_settings(context, config));
    return std::make_unique<BqeProvider>(std::move(settings));
  }

  explicit BqeProvider(Settings settings) : settings_(std::move(settings)) {
    for (const ObjectSettings& object : settings_.objects) {
      readers_.add<ListReader>(object.key, settings_, object);
    }
  }

  Status read_page(Context& context, const ReadRequest& request, Page& page) override {
    return readers_.read_page(context, request, page);
  }

  /// One row of one object: the smallest request that shows that the token is good and may read.
  Status test_connection(Context& context, Report& report) override {
    if (settings_.objects.empty()) {
      return make_error(Code::invalid_argument, "the manifest's settings name no objects: there is nothing to ask for");
    }
    const ObjectSettings& object = settings_.objects.front();
    Url url;
    url.segments(object.path)
        .query("fields", "id," + settings_.changed_field)
        .query("page", std::to_string(settings_.first_page) + ",1");
    JsonWriter findings;
    findings.open_object().member("asked_for", object.path);
    auto answer = get_list(context, settings_, url, "asking for one row of " + object.path);
    if (!answer.ok()) {
      report.tell(findings.member("status", answer.error().http_status).close().text());
      return answer.error();
    }
    // For whoever checks in which time zone the service writes its instants.
    if (answer->response) {
      findings.member("server_date", answer->response->header_or("Date", ""));
    }
    std::string changed;
    std::size_t rows = 0;
    if (answer->json) {
      DVT_TRY_STATUS(answer->json->for_each(answer->pointer, {"/" + pointer_escape(settings_.changed_field)},
                                            [&](const JsonElement& row) {
                                              changed = row[0].text();
                                              ++rows;
                                            }));
    }
    report.tell(findings.member("rows", rows).member("a_row_changed", changed).close().text());
    return {};
  }

private:
  Settings settings_; // the readers refer to it
  Readers readers_;
};

} // namespace

DOVETAIL_PLUGIN("bqe", "1.0.0", BqeProvider)
