// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/render.hpp"

#include <fmt/format.h>

#include "tests/simulators/github/world_kinds.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::simulators::github {
namespace {

constexpr std::string_view api_base = "https://api.github.com";
constexpr std::string_view web_base = "https://github.com";

void instant(JsonText& out, std::string_view key, std::optional<sys_seconds> time) {
  out.name(key);
  if (time) {
    out.value(format_instant(*time));
  } else {
    out.null();
  }
}

struct Suffix {
  const char* key;
  const char* path;
};
constexpr Suffix user_urls[] = {{"followers_url", "/followers"},
                                {"following_url", "/following{/other_user}"},
                                {"gists_url", "/gists{/gist_id}"},
                                {"starred_url", "/starred{/owner}{/repo}"},
                                {"subscriptions_url", "/subscriptions"},
                                {"organizations_url", "/orgs"},
                                {"repos_url", "/repos"},
                                {"events_url", "/events{/privacy}"},
                                {"received_events_url", "/received_events"}};
constexpr Suffix repository_urls[] = {{"forks_url", "/forks"},
                                      {"keys_url", "/keys{/key_id}"},
                                      {"collaborators_url", "/collaborators{/collaborator}"},
                                      {"teams_url", "/teams"},
                                      {"hooks_url", "/hooks"},
                                      {"issue_events_url", "/issues/events{/number}"},
                                      {"events_url", "/events"},
                                      {"assignees_url", "/assignees{/user}"},
                                      {"branches_url", "/branches{/branch}"},
                                      {"tags_url", "/tags"},
                                      {"blobs_url", "/git/blobs{/sha}"},
                                      {"git_tags_url", "/git/tags{/sha}"},
                                      {"git_refs_url", "/git/refs{/sha}"},
                                      {"trees_url", "/git/trees{/sha}"},
                                      {"statuses_url", "/statuses/{sha}"},
                                      {"languages_url", "/languages"},
                                      {"stargazers_url", "/stargazers"},
                                      {"contributors_url", "/contributors"},
                                      {"subscribers_url", "/subscribers"},
                                      {"subscription_url", "/subscription"},
                                      {"commits_url", "/commits{/sha}"},
                                      {"git_commits_url", "/git/commits{/sha}"},
                                      {"comments_url", "/comments{/number}"},
                                      {"issue_comment_url", "/issues/comments{/number}"},
                                      {"contents_url", "/contents/{+path}"},
                                      {"compare_url", "/compare/{base}...{head}"},
                                      {"merges_url", "/merges"},
                                      {"archive_url", "/{archive_format}{/ref}"},
                                      {"downloads_url", "/downloads"},
                                      {"issues_url", "/issues{/number}"},
                                      {"pulls_url", "/pulls{/number}"},
                                      {"milestones_url", "/milestones{/number}"},
                                      {"notifications_url", "/notifications{?since,all,participating}"},
                                      {"labels_url", "/labels{/name}"},
                                      {"releases_url", "/releases{/id}"},
                                      {"deployments_url", "/deployments"}};

} // namespace

void Renderer::simple_user_members(JsonText& out, const User& user) const {
  const std::string login = percent_encode(user.login);
  const bool bot = user.type == UserType::bot;
  const std::string id = std::to_string(user.id);
  out.member("login", user.login).member("id", user.id).member("node_id", user.node_id);
  out.member_url("avatar_url", {"https://avatars.githubusercontent.com/", bot ? "in/" : "u/", id, "?v=4"});
  out.member("gravatar_id", "");
  out.member_url("url", {api_base, "/users/", login});
  out.member_url("html_url",
                 {web_base, bot ? "/apps/" : "/", bot ? user.login.substr(0, user.login.find('[')) : user.login});
  for (const Suffix& url : user_urls) {
    out.member_url(url.key, {api_base, "/users/", login, url.path});
  }
  out.member("type", to_string(user.type)).member("user_view_type", "public").member("site_admin", user.site_admin);
}

void Renderer::simple_user(JsonText& out, const User& user) const {
  out.begin_object();
  simple_user_members(out, user);
  out.end_object();
}

void Renderer::user_or_null(JsonText& out, std::optional<UserRef> ref) const {
  if (ref) {
    simple_user(out, world_.user(*ref));
  } else {
    out.null();
  }
}

void Renderer::organisation_user(JsonText& out, std::uint32_t organisation) const {
  simple_user(out, world_.organisation(organisation));
}

void Renderer::user(JsonText& out, const User& user, bool private_profile) const {
  out.begin_object();
  simple_user_members(out, user);
  out.member("name", user.name)
      .member("company", user.company)
      .member("blog", user.blog)
      .member("location", user.location);
  out.member("email", user.email).member("hireable", user.hireable).member("bio", user.bio);
  out.member("twitter_username", user.twitter_username);
  if (private_profile) {
    out.member("notification_email", user.email);
  }
  out.member("public_repos", user.public_repos).member("public_gists", user.public_gists);
  out.member("followers", user.followers).member("following", user.following);
  instant(out, "created_at", user.created_at);
  instant(out, "updated_at", user.updated_at);
  if (private_profile) {
    out.member("private_gists", 0).member("total_private_repos", 3).member("owned_private_repos", 3);
    out.member("disk_usage", 40'960).member("collaborators", 0).member("two_factor_authentication", true);
  }
  out.end_object();
}

void Renderer::membership(JsonText& out, std::uint32_t organisation, const Member& member) const {
  const User account = world_.organisation(organisation);
  const std::string url = fmt::format("{}/orgs/{}", api_base, account.login);
  out.begin_object();
  out.member_url("url", {url, "/memberships/", percent_encode(member.user.login)});
  out.member("state", "active").member("role", to_string(member.role));
  out.member("organization_url", url);
  out.name("user");
  simple_user(out, member.user);
  out.name("organization").begin_object();
  out.member("login", account.login).member("id", account.id).member("node_id", account.node_id).member("url", url);
  for (const char* part : {"repos", "events", "hooks", "issues"}) {
    out.member_url(fmt::format("{}_url", part), {url, "/", part});
  }
  out.member_url("members_url", {url, "/members{/member}"})
      .member_url("public_members_url", {url, "/public_members{/member}"});
  out.member_url("avatar_url", {"https://avatars.githubusercontent.com/u/", std::to_string(account.id), "?v=4"});
  out.member("description", nullptr).end_object();
  out.end_object();
}

void Renderer::repository_members(JsonText& out, const Repository& repository, const User& owner) const {
  const std::string full_name = repository.full_name();
  const std::string url = fmt::format("{}/repos/{}", api_base, full_name);
  out.member("id", repository.id).member("node_id", repository.node_id).member("name", repository.name);
  out.member("full_name", full_name).member("private", repository.is_private).name("owner");
  simple_user(out, owner);
  out.member_url("html_url", {web_base, "/", full_name});
  out.member("description", repository.description).member("fork", repository.fork).member("url", url);
  for (const Suffix& part : repository_urls) {
    out.member_url(part.key, {url, part.path});
  }
  instant(out, "created_at", repository.created_at);
  instant(out, "updated_at", repository.updated_at);
  instant(out, "pushed_at", repository.pushed_at);
  out.member_url("git_url", {"git://github.com/", full_name, ".git"});
  out.member_url("ssh_url", {"git@github.com:", full_name, ".git"});
  out.member_url("clone_url", {web_base, "/", full_name, ".git"});
  out.member_url("svn_url", {web_base, "/", full_name});
  out.member("homepage", repository.homepage).member("size", repository.size);
  out.member("stargazers_count", repository.stars).member("watchers_count", repository.stars);
  out.member("language", repository.language).member("has_issues", true).member("has_projects", true);
  if (version_ == ApiVersion::v2022_11_28) {
    out.member("has_downloads", true);
  }
  out.member("has_wiki", true).member("has_pages", false).member("has_discussions", false);
  out.member("forks_count", repository.forks).member("mirror_url", nullptr).member("archived", repository.archived);
  out.member("disabled", repository.disabled).member("open_issues_count", repository.open_issues).name("license");
  if (repository.license_key) {
    const std::string& key = *repository.license_key;
    out.begin_object().member("key", key).member("name", key + " license").member("spdx_id", key);
    out.member_url("url", {api_base, "/licenses/", key}).member("node_id", "MDc6TGljZW5zZTEy").end_object();
  } else {
    out.null();
  }
  out.member("allow_forking", true).member("is_template", false).member("web_commit_signoff_required", false);
  out.name("topics").begin_array();
  for (const std::string& topic : repository.topics) {
    out.value(topic);
  }
  out.end_array();
  out.member("visibility", repository.visibility).member("forks", repository.forks);
  out.member("open_issues", repository.open_issues).member("watchers", repository.stars);
  out.member("default_branch", repository.default_branch);
}

void Renderer::permissions(JsonText& out, bool admin) const {
  out.name("permissions").begin_object();
  out.member("admin", admin)
      .member("maintain", admin)
      .member("push", admin)
      .member("triage", admin)
      .member("pull", true);
  out.end_object();
}

void Renderer::minimal_repository(JsonText& out, const Repository& repository, bool admin) const {
  out.begin_object();
  repository_members(out, repository, world_.organisation(repository.ref.organisation));
  permissions(out, admin);
  out.end_object();
}

void Renderer::full_repository(JsonText& out, const Repository& repository, bool admin) const {
  out.begin_object();
  repository_members(out, repository, world_.organisation(repository.ref.organisation));
  permissions(out, admin);
  out.member("temp_clone_token", "").member("allow_squash_merge", true).member("allow_merge_commit", true);
  out.member("allow_rebase_merge", false).member("allow_auto_merge", true).member("delete_branch_on_merge", true);
  out.member("allow_update_branch", true);
  if (version_ == ApiVersion::v2022_11_28) {
    out.member("use_squash_pr_title_as_default", false);
  }
  out.member("squash_merge_commit_message", "COMMIT_MESSAGES")
      .member("squash_merge_commit_title", "COMMIT_OR_PR_TITLE");
  out.member("merge_commit_message", "PR_TITLE").member("merge_commit_title", "MERGE_MESSAGE");
  out.name("custom_properties").begin_object().end_object();
  out.name("organization");
  organisation_user(out, repository.ref.organisation);
  out.member("network_count", repository.forks).member("subscribers_count", 3);
  out.end_object();
}

const Renderer::BaseRepository& Renderer::base_repository(RepositoryRef ref) {
  const std::uint64_t key = (std::uint64_t{ref.organisation} << 32U) | ref.index;
  const auto [place, fresh] = repositories_.try_emplace(key);
  BaseRepository& base = place->second;
  if (fresh) {
    base.repository = world_.repository(ref);
    base.full_name = base.repository.full_name();
    JsonText out;
    out.begin_object();
    repository_members(out, base.repository, world_.organisation(ref.organisation));
    base.text = out.end_object().take();
  }
  return base;
}

} // namespace dovetail::simulators::github
