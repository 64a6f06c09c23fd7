// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/generators/shapes.hpp"

#include <fmt/format.h>

namespace dovetail::generators {
namespace {

constexpr std::size_t pulls_per_page = 100;
constexpr std::string_view api = "https://api.github.com";

/// A "simple user": 19 members, about 1 KB.
std::string user(SeededText& text, std::string_view login) {
  const std::string url = fmt::format("{}/users/{}", api, login);
  return fmt::format(
      R"({{"login":"{0}","id":{1},"node_id":"MDQ6VXNlcj{2}","avatar_url":"https://avatars.githubusercontent.com/u/{1}?v=4",)"
      R"("gravatar_id":"","url":"{3}","html_url":"https://github.com/{0}","followers_url":"{3}/followers",)"
      R"("following_url":"{3}/following{{/other_user}}","gists_url":"{3}/gists{{/gist_id}}",)"
      R"("starred_url":"{3}/starred{{/owner}}{{/repo}}","subscriptions_url":"{3}/subscriptions","organizations_url":"{3}/orgs",)"
      R"("repos_url":"{3}/repos","events_url":"{3}/events{{/privacy}}","received_events_url":"{3}/received_events",)"
      R"("type":"User","user_view_type":"public","site_admin":false}})",
      login, text.below(90'000'000), text.hex(8), url);
}

/// The 38 links of a repository.
std::string repository_links(std::string_view full_name) {
  struct Link {
    std::string_view name;
    std::string_view path;
  };
  static constexpr std::array<Link, 38> links{{{"forks_url", "/forks"},
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
                                               {"deployments_url", "/deployments"},
                                               {"git_url", ".git"},
                                               {"svn_url", ""}}};
  std::string text;
  for (const Link& link : links) {
    text += fmt::format(R"("{}":"{}/repos/{}{}",)", link.name, api, full_name, link.path);
  }
  return text;
}

/// A whole repository, as it stands in `head` and again in `base`: about 6.5 KB.
std::string repository(SeededText& text, std::string_view owner, std::string_view name) {
  const std::string full_name = fmt::format("{}/{}", owner, name);
  return fmt::format(
      R"({{"id":{},"node_id":"R_kgDO{}","name":"{}","full_name":"{}","private":true,"owner":{},"html_url":"https://github.com/{}",)"
      R"("description":"{}","fork":{},"url":"{}/repos/{}",{}"created_at":"{}Z","updated_at":"{}Z","pushed_at":"{}Z",)"
      R"("ssh_url":"git@github.com:{}.git","clone_url":"https://github.com/{}.git","homepage":null,"size":{},)"
      R"("stargazers_count":{},"watchers_count":{},"language":"C++","has_issues":true,"has_projects":true,"has_downloads":true,)"
      R"("has_wiki":false,"has_pages":false,"has_discussions":false,"forks_count":{},"mirror_url":null,"archived":false,)"
      R"("disabled":false,"open_issues_count":{},"license":{{"key":"apache-2.0","name":"Apache License 2.0","spdx_id":"Apache-2.0",)"
      R"("url":"{}/licenses/apache-2.0","node_id":"MDc6TGljZW5zZTI="}},"allow_forking":true,"is_template":false,)"
      R"("web_commit_signoff_required":false,"topics":["{}","{}"],"visibility":"private","forks":{},"open_issues":{},)"
      R"("watchers":{},"default_branch":"main"}})",
      text.below(900'000'000), text.hex(6), name, full_name, user(text, owner), full_name, text.words(7),
      text.boolean(), api, full_name, repository_links(full_name), text.instant(), text.instant(), text.instant(),
      full_name, full_name, text.below(100'000), text.below(1000), text.below(1000), text.below(100), text.below(100),
      api, text.word(), text.word(), text.below(100), text.below(100), text.below(1000));
}

std::string side(SeededText& text, std::string_view owner, std::string_view name, std::string_view ref) {
  return fmt::format(R"({{"label":"{0}:{1}","ref":"{1}","sha":"{2}","user":{3},"repo":{4}}})", owner, ref, text.hex(40),
                     user(text, owner), repository(text, owner, name));
}

std::string body(SeededText& text) {
  std::string lines;
  const std::uint64_t count = 2 + text.below(12);
  for (std::uint64_t i = 0; i < count; ++i) {
    lines += fmt::format(R"({}- \"{}\": {}\r\n)", i == 0 ? R"(## Why\r\n\r\n)" : "", text.word(), text.words(9));
  }
  return lines;
}

std::string links(std::string_view url, std::uint64_t number) {
  std::string text;
  for (const std::string_view name :
       {"self", "html", "issue", "comments", "review_comments", "review_comment", "commits", "statuses"}) {
    text += fmt::format(R"({}"{}":{{"href":"{}/{}/{}"}})", text.empty() ? "" : ",", name, url, number, name);
  }
  return text;
}

std::string pull(SeededText& text, std::uint64_t number) {
  const std::string url = fmt::format("{}/repos/acme-engineering/dovecote-service/pulls", api);
  const bool open = text.chance(30);
  const std::string closed = open ? "null" : fmt::format("\"{}Z\"", text.instant());
  const std::string merged = !open && text.chance(80) ? closed : "null";
  const std::string login = fmt::format("{}-{}", text.chance(50) ? "dev" : "engineer", text.below(300));
  std::string labels;
  for (std::uint64_t i = text.below(4); i > 0; --i) {
    labels += fmt::format(
        R"({{"id":{},"node_id":"LA_kwDO{}","url":"{}/labels/{}","name":"{}","color":"{}","default":false,"description":"{}"}}{})",
        text.below(900'000'000), text.hex(12), url, text.word(), text.word(), text.hex(6), text.words(5),
        i == 1 ? "" : ",");
  }
  std::string record = fmt::format(
      R"({{"url":"{0}/{1}","id":{2},"node_id":"PR_kwDO{3}","html_url":"https://github.com/acme-engineering/dovecote-service/pull/{1}",)"
      R"("diff_url":"https://github.com/acme-engineering/dovecote-service/pull/{1}.diff",)"
      R"("patch_url":"https://github.com/acme-engineering/dovecote-service/pull/{1}.patch","issue_url":"{0}/{1}","number":{1},)"
      R"("state":"{4}","locked":false,"title":"{5}","user":{6},"body":"{7}",)",
      url, number, 1'000'000'000 + number * 97, text.hex(16), open ? "open" : "closed", text.words(6),
      user(text, login), body(text));
  record += fmt::format(
      R"("created_at":"{}Z","updated_at":"{}Z","closed_at":{},"merged_at":{},"merge_commit_sha":"{}","assignee":null,)"
      R"("assignees":[{}],"requested_reviewers":[{},{}],"requested_teams":[],"labels":[{}],"milestone":null,"draft":{},)",
      text.instant(), text.instant(), closed, merged, text.hex(40), text.chance(40) ? user(text, "octo-lead") : "",
      user(text, "reviewer-a"), user(text, "reviewer-b"), labels, text.boolean());
  record += fmt::format(
      R"("commits_url":"{0}/{1}/commits","review_comments_url":"{0}/{1}/comments","review_comment_url":"{0}/comments{{/number}}",)"
      R"("comments_url":"{0}/{1}/comments","statuses_url":"{0}/statuses/{2}","head":{3},"base":{4},"_links":{{{5}}},)"
      R"("author_association":"CONTRIBUTOR","auto_merge":null,"active_lock_reason":null}})",
      url, number, text.hex(40),
      side(text, login, "dovecote-service", fmt::format("feature/{}-{}", text.word(), number)),
      side(text, "acme-engineering", "dovecote-service", "main"), links(url, number));
  return record;
}

} // namespace

std::string github_pulls_page(std::uint64_t seed) {
  SeededText text(seed);
  std::string page = "[";
  for (std::size_t i = 0; i < pulls_per_page; ++i) {
    page += i == 0 ? "" : ",";
    page += pull(text, seed % 1000 * pulls_per_page + i + 1);
  }
  return page + "]";
}

} // namespace dovetail::generators
