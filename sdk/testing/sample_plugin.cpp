// SPDX-License-Identifier: Apache-2.0
// The plugin that docs/guide/write-a-plugin.md explains: a made-up provider with users (paged by Link headers, conditional requests)
// and the tasks below each user.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dovetail/sdk/sdk.hpp"

namespace {

using namespace dovetail::sdk;

/// GET /users?page=N, newest state behind an ETag; the cursor is the address of the next page.
class UserReader final : public ObjectReader {
public:
  explicit UserReader(std::string team) : team_(std::move(team)) {}

  Status read_page(Context& context, const ReadRequest& request, Page& page) override {
    std::string address = Url("teams").segment(team_).segment("users").query("per_page", 2).text();
    if (!request.first_page()) {
      DVT_TRY(const auto cursor, context.parse(request.cursor));
      DVT_TRY(address, cursor.string("/next"));
    }
    DVT_TRY(const auto etag, context.state("etag:" + address));
    DVT_TRY(const auto response,
            context.send(Request::get(address).header("Accept", "application/json").header_if("If-None-Match", etag)));
    bool stands = false;
    if (response.is_not_modified()) {
      DVT_TRY(stands, page.unchanged(address));
    }
    if (!stands) {
      DVT_TRY_STATUS(response.check("reading the users of the team " + team_));
      DVT_TRY_STATUS(page.records(response, {.pointer = "/users", .page_key = address}));
      DVT_TRY_STATUS(page.set_state("etag:" + address, response.header_or("ETag", "")));
    }
    if (const auto next = response.link("next")) {
      return page.next(JsonWriter().open_object().member("next", *next).close().text());
    }
    return page.exhausted();
  }

private:
  std::string team_;
};

/// GET /users/{login}/tasks for each parent.
class TaskReader final : public ObjectReader {
public:
  Status read_page(Context& context, const ReadRequest& request, Page& page) override {
    const auto began = context.now(); // what changes while we read belongs to the next delta
    DVT_TRY(const auto parents, context.parse(request.parents));
    DVT_TRY_STATUS(parents.for_each("", {"/external_id", "/login"}, [&](const JsonElement& parent) -> Status {
      const auto login = parent[1].string();
      if (!login) {
        return make_error(Code::invalid_argument, "a parent of \"task\" lacks its login");
      }
      Url address = Url("users").segment(*login).segment("tasks");
      if (request.since) {
        address.query("since", format_iso8601(*request.since));
      }
      DVT_TRY(const auto response, context.send(Request::get(address)));
      if (response.status() == 404) {
        context.info("the user " + std::string(*login) + " is gone, so are the tasks");
        return {};
      }
      DVT_TRY_STATUS(response.check("reading the tasks of " + std::string(*login)));
      const auto constants = JsonWriter().open_object().member("user_id", parent[0].text()).close().take();
      return page.records(response, {.constants = constants});
    }));
    return page.exhausted(began);
  }
};

class SampleProvider final : public Provider, public Discovery, public Actions {
public:
  static Result<std::unique_ptr<SampleProvider>> create(Context& context, const Config& config) {
    DVT_TRY(const auto json, context.parse(config.config));
    DVT_TRY(const auto team, json.string("/team"));
    return std::make_unique<SampleProvider>(std::string(team));
  }
  explicit SampleProvider(const std::string& team) : team_(team) {
    readers_.add<UserReader>("user", team);
    readers_.add<TaskReader>("task");
  }

  Status read_page(Context& context, const ReadRequest& request, Page& page) override {
    return readers_.read_page(context, request, page);
  }
  Status test_connection(Context& context, Report& report) override {
    DVT_TRY(const auto response, context.send(Request::get("/me")));
    DVT_TRY_STATUS(response.check("asking who the credentials belong to"));
    DVT_TRY(const auto me, response.json());
    report.tell(JsonWriter().open_object().member("user", me.string_or("/login", "?")).close().text());
    return {};
  }

  Status discover(Context& context, std::string_view object, Fields& fields) override {
    const auto address = Url("teams").segment(team_).segment("fields").query("of", object).text();
    DVT_TRY(const auto response, context.send(Request::get(address)));
    DVT_TRY_STATUS(response.check("reading the fields of the team " + team_));
    DVT_TRY(const auto json, response.json());
    return json.for_each("/fields", {"/id", "/title", "/kind", "/choices"}, [&](const JsonElement& field) -> Status {
      const auto id = std::string(field[0].text());
      return fields.add({.key = id,
                         .source = "/custom/" + pointer_escape(id),
                         .label = field[1].text(),
                         .type = field[2].text() == "number" ? FieldType::real : FieldType::text,
                         .provider_type = field[2].text(),
                         .options = field[3].text()});
    });
  }

  Status invoke(Context& context, const ActionRequest& request, ActionResult& result) override {
    if (request.action != "create_task") {
      return make_error(Code::unimplemented, "this plugin has no action \"" + std::string(request.action) + "\"");
    }
    DVT_TRY(const auto response, context.send(Request::post("/tasks")
                                                  .header("Idempotency-Key", request.idempotency_key)
                                                  .body("application/json", std::string(request.input))
                                                  .repeatable()));
    DVT_TRY_STATUS(response.check("creating a task"));
    DVT_TRY(const auto task, response.json());
    DVT_TRY(const auto id, task.integer("/id"));
    return result.output(JsonWriter().open_object().member("id", id).close().text());
  }

private:
  std::string team_;
  Readers readers_;
};

} // namespace

DOVETAIL_PLUGIN("sample", "1.2.3", SampleProvider)
