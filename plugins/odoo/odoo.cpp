// SPDX-License-Identifier: Apache-2.0
// odoo.so: any of Odoo's models that the manifest names, over JSON-2 (Odoo 19 and later) or XML-RPC.
#include <memory>
#include <string>
#include <utility>

#include "dovetail/sdk/sdk.hpp"
#include "model_reader.hpp"
#include "session.hpp"
#include "settings.hpp"

namespace {

using namespace dovetail::sdk;
using namespace dovetail::odoo;

class OdooProvider final : public Provider {
public:
  static Result<std::unique_ptr<OdooProvider>> create(Context& context, const Config& config) {
    DVT_TRY(auto settings, read_settings(context, config));
    return std::make_unique<OdooProvider>(std::move(settings));
  }

  explicit OdooProvider(Settings settings) : settings_(std::move(settings)) {
    for (const auto& [object, spec] : settings_.objects) {
      readers_.add<ModelReader>(object, settings_, spec);
    }
  }

  Status read_page(Context& context, const ReadRequest& request, Page& page) override {
    return readers_.read_page(context, request, page);
  }

  Status test_connection(Context& context, Report& report) override {
    Findings findings;
    const auto session = open_session(context, settings_, findings);
    JsonWriter json;
    json.open_object();
    if (!findings.server_version.empty()) {
      json.member("server_version", findings.server_version);
    }
    if (!session.ok()) {
      report.tell(json.close().text());
      return session.error();
    }
    json.member("protocol", to_string(session->protocol)).member("uid", session->identity.uid);
    const auto me = read_me(context, *session);
    if (me.ok() && !me->empty()) {
      json.member("login", me->front().cells[0].text).member("company", me->front().cells[1].text);
    }
    report.tell(json.close().text());
    return me.ok() ? Status() : Status(me.error());
  }

private:
  [[nodiscard]] Result<std::vector<Row>> read_me(Context& context, const Session& session) const {
    Query query;
    query.model = "res.users";
    query.domain.push_back({"id", "=", session.identity.uid});
    query.fields = {{"login", "char"}, {"company_id", "many2one"}};
    query.limit = 1;
    return session.client(settings_)->read(context, query);
  }

  Settings settings_; // the readers refer to it
  Readers readers_;
};

} // namespace

DOVETAIL_PLUGIN("odoo", "1.0.0", OdooProvider)
