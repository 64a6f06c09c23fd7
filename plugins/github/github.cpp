// SPDX-License-Identifier: Apache-2.0
// github.so: members, repositories, pull requests, reviews and commits over the REST API (docs.github.com/rest, version 2022-11-28).
#include <memory>
#include <string>
#include <utility>

#include "api.hpp"
#include "commits.hpp"
#include "members.hpp"
#include "pull_request_children.hpp"
#include "pull_requests.hpp"
#include "repositories.hpp"

namespace {

using namespace dovetail::sdk;
using namespace dovetail::github;

class GithubProvider final : public Provider {
public:
  static Result<std::unique_ptr<GithubProvider>> create(Context& context, const Config& config) {
    DVT_TRY(auto settings, read_settings(context, config));
    return std::make_unique<GithubProvider>(std::move(settings));
  }

  explicit GithubProvider(Settings settings) : settings_(std::move(settings)) {
    readers_.add<MemberReader>("member", settings_);
    readers_.add<RepositoryReader>("repository", settings_);
    readers_.add<PullRequestReader>("pull_request", settings_);
    readers_.add<PullRequestChildReader>("review", settings_, "reviews");
    readers_.add<CommitReader>("commit", settings_);
    readers_.add<PullRequestChildReader>("pull_request_commit", settings_, "commits");
  }

  Status read_page(Context& context, const ReadRequest& request, Page& page) override {
    return readers_.read_page(context, request, page);
  }

  Status test_connection(Context& context, Report& report) override {
    DVT_TRY(const auto response, context.send(Request::get("/user")));
    // An installation's token belongs to no user; its own repositories are what it may ask for.
    if (response.status() == 403) {
      DVT_TRY(const auto installation, context.send(Request::get("/installation/repositories?per_page=1")));
      if (installation.is_success()) {
        tell(installation, "installation", report);
        return {};
      }
    }
    if (!response.is_success()) {
      tell(response, "", report);
      return error_of(response, "asking whom the token belongs to");
    }
    DVT_TRY(const auto user, json_of(response, "asking whom the token belongs to"));
    tell(response, std::string(user.string_or("/login", "")), report);
    return {};
  }

private:
  static void tell(const Response& response, const std::string& login, Report& report) {
    JsonWriter findings;
    findings.open_object().member("login", login).member("status", response.status());
    for (const auto& [name, header] : {std::pair<std::string_view, std::string_view>{"scopes", "X-OAuth-Scopes"},
                                       {"token_expires", "GitHub-Authentication-Token-Expiration"},
                                       {"requests_left", "X-RateLimit-Remaining"},
                                       {"request_limit", "X-RateLimit-Limit"},
                                       {"enterprise_version", "X-GitHub-Enterprise-Version"},
                                       {"request_id", "X-GitHub-Request-Id"}}) {
      if (const auto value = response.header(header)) {
        findings.member(name, *value);
      }
    }
    report.tell(findings.close().text());
  }

  Settings settings_; // the readers refer to it
  Readers readers_;
};

} // namespace

DOVETAIL_PLUGIN("github", "1.0.0", GithubProvider)
