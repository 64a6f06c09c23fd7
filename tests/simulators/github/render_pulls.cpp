// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tests/simulators/github/render.hpp"
#include "tests/simulators/github/world_kinds.hpp"
#include "tests/simulators/handler.hpp"

namespace dovetail::simulators::github {
namespace {

constexpr std::string_view api_base = "https://api.github.com";
constexpr std::string_view web_base = "https://github.com";

void href(JsonText& out, std::string_view key, std::initializer_list<std::string_view> parts) {
  out.name(key).begin_object().member_url("href", parts).end_object();
}

void instant_or_null(JsonText& out, std::string_view key, std::optional<sys_seconds> time) {
  out.name(key);
  if (time) {
    out.value(format_instant(*time));
  } else {
    out.null();
  }
}

} // namespace

void Renderer::pull_branches(JsonText& out, const Pull& pull) {
  const BaseRepository& base = base_repository(pull.repository);
  const Repository& repository = base.repository;
  out.name("head").begin_object();
  const bool forked = pull.head_kind != HeadKind::same_repository;
  std::optional<User> owner;
  if (!forked) {
    owner = world_.organisation(pull.repository.organisation);
  } else if (pull.author && (pull.head_kind == HeadKind::fork || pull.number % 2 == 0)) {
    owner = world_.user(*pull.author);
  }
  if (pull.head_kind == HeadKind::deleted_fork) {
    out.member("label", "unknown repository");
  } else {
    out.member("label", owner->login + ":" + pull.head_ref);
  }
  out.member("ref", pull.head_ref).member("sha", pull.head_sha).name("user");
  if (owner) {
    simple_user(out, *owner);
  } else {
    out.null();
  }
  out.name("repo");
  if (pull.head_kind == HeadKind::fork) {
    Repository fork = repository;
    fork.id += 500'000'000 + pull.author->index % 1000 * 100'000;
    fork.owner = owner->login;
    fork.fork = true;
    fork.is_private = false;
    fork.visibility = "public";
    fork.open_issues = 0;
    out.begin_object();
    repository_members(out, fork, *owner);
    out.end_object();
  } else if (pull.head_kind == HeadKind::same_repository) {
    out.raw(base.text);
  } else {
    out.null();
  }
  out.end_object();
  out.name("base").begin_object();
  out.member("label", repository.owner + ":" + pull.base_ref).member("ref", pull.base_ref).member("sha", pull.base_sha);
  out.name("user");
  organisation_user(out, pull.repository.organisation);
  out.name("repo").raw(base.text).end_object();
}

void Renderer::pull_links(JsonText& out, const std::string& api, const std::string& html, const std::string& number,
                          const std::string& sha, const std::string& repository_api) const {
  out.name("_links").begin_object();
  href(out, "self", {api});
  href(out, "html", {html});
  href(out, "issue", {repository_api, "/issues/", number});
  href(out, "comments", {repository_api, "/issues/", number, "/comments"});
  href(out, "review_comments", {api, "/comments"});
  href(out, "review_comment", {repository_api, "/pulls/comments{/number}"});
  href(out, "commits", {api, "/commits"});
  href(out, "statuses", {repository_api, "/statuses/", sha});
  out.end_object();
}

void Renderer::pull_people(JsonText& out, const Pull& pull, const std::string& repository_api) const {
  if (version_ == ApiVersion::v2022_11_28) {
    out.member("merge_commit_sha", pull.merge_commit_sha).name("assignee");
    user_or_null(out, pull.assignees.empty() ? std::nullopt : std::optional(pull.assignees.front()));
  }
  out.name("assignees").begin_array();
  for (const UserRef ref : pull.assignees) {
    user_or_null(out, ref);
  }
  out.end_array().name("requested_reviewers").begin_array();
  for (const UserRef ref : pull.requested_reviewers) {
    user_or_null(out, ref);
  }
  out.end_array().name("requested_teams").begin_array().end_array();
  out.name("labels").begin_array();
  for (const Label& label : pull.labels) {
    out.begin_object().member("id", label.id).member("node_id", fmt::format("LA_kwDO{:x}", label.id));
    out.member_url("url", {repository_api, "/labels/", percent_encode(label.name)});
    out.member("name", label.name).member("color", label.color).member("default", label.name == "bug");
    out.member("description", label.description).end_object();
  }
  out.end_array().name("milestone");
  if (pull.milestone) {
    out.begin_object().member_url("url", {repository_api, "/milestones/1"}).member("id", 1'002'604).member("number", 1);
    out.member("state", "open").member("title", *pull.milestone).member("description", nullptr).end_object();
  } else {
    out.null();
  }
}

void Renderer::pull(JsonText& out, const Pull& pull, bool detail) {
  const std::string& full_name = base_repository(pull.repository).full_name;
  const std::string number = std::to_string(pull.number);
  const std::string repository_api = fmt::format("{}/repos/{}", api_base, full_name);
  const std::string api = fmt::format("{}/pulls/{}", repository_api, number);
  const std::string html = fmt::format("{}/{}/pull/{}", web_base, full_name, number);
  out.begin_object();
  out.member("url", api).member("id", pull.id).member("node_id", pull.node_id).member("html_url", html);
  out.member_url("diff_url", {html, ".diff"}).member_url("patch_url", {html, ".patch"});
  out.member_url("issue_url", {repository_api, "/issues/", number});
  out.member("number", pull.number)
      .member("state", pull.state())
      .member("locked", pull.locked)
      .member("title", pull.title);
  out.name("user");
  user_or_null(out, pull.author);
  out.member("body", pull.body);
  instant_or_null(out, "created_at", pull.created_at);
  instant_or_null(out, "updated_at", pull.updated_at);
  instant_or_null(out, "closed_at", pull.closed_at);
  instant_or_null(out, "merged_at", pull.merged_at);
  pull_people(out, pull, repository_api);
  out.member("draft", pull.draft).member_url("commits_url", {api, "/commits"});
  out.member_url("review_comments_url", {api, "/comments"});
  out.member_url("review_comment_url", {repository_api, "/pulls/comments{/number}"});
  out.member_url("comments_url", {repository_api, "/issues/", number, "/comments"});
  out.member_url("statuses_url", {repository_api, "/statuses/", pull.head_sha});
  pull_branches(out, pull);
  pull_links(out, api, html, number, pull.head_sha, repository_api);
  out.member("author_association", pull.author_association).name("auto_merge");
  if (pull.auto_merge && pull.author) {
    out.begin_object().name("enabled_by");
    user_or_null(out, pull.author);
    out.member("merge_method", "squash").member("commit_title", pull.title).member("commit_message", "").end_object();
  } else {
    out.null();
  }
  out.name("active_lock_reason");
  out.raw(pull.locked ? "\"too heated\"" : "null");
  if (detail) {
    out.member("merged", pull.merged_at.has_value()).member("mergeable", nullptr).member("rebaseable", nullptr);
    out.member("mergeable_state", "unknown").name("merged_by");
    user_or_null(out, pull.merged_by);
    out.member("comments", pull.comments).member("review_comments", pull.review_comments);
    out.member("maintainer_can_modify", pull.maintainer_can_modify).member("commits", pull.commits);
    out.member("additions", pull.additions)
        .member("deletions", pull.deletions)
        .member("changed_files", pull.changed_files);
  }
  out.end_object();
}

void Renderer::review(JsonText& out, const Review& review, const std::string& full_name, int number) const {
  const std::string api = fmt::format("{}/repos/{}/pulls/{}", api_base, full_name, number);
  const std::string html = fmt::format("{}/{}/pull/{}#pullrequestreview-{}", web_base, full_name, number, review.id);
  out.begin_object().member("id", review.id).member("node_id", review.node_id).name("user");
  user_or_null(out, review.user);
  out.member("body", review.body).member("state", to_string(review.state)).member("html_url", html);
  out.member("pull_request_url", api).member("author_association", review.author_association);
  out.name("_links").begin_object();
  href(out, "html", {html});
  href(out, "pull_request", {api});
  out.end_object();
  if (review.submitted_at) {
    instant_or_null(out, "submitted_at", review.submitted_at);
  }
  out.member("commit_id", review.commit_id).end_object();
}

void Renderer::commit(JsonText& out, const Commit& commit, const std::string& full_name, bool detail) const {
  const std::string api = fmt::format("{}/repos/{}", api_base, full_name);
  const auto signature = [&](std::string_view key, const Signature& who) {
    out.name(key).begin_object().member("name", who.name).member("email", who.email);
    instant_or_null(out, "date", who.date);
    out.end_object();
  };
  out.begin_object().member("sha", commit.sha).member("node_id", "C_kwDO" + commit.sha).name("commit").begin_object();
  signature("author", commit.author);
  signature("committer", commit.committer);
  out.name("message");
  // The service writes both forms; which one must not matter to a reader.
  if (commit.sha.front() < '4') {
    out.ascii(commit.message);
  } else {
    out.value(commit.message);
  }
  out.name("tree")
      .begin_object()
      .member("sha", commit.tree_sha)
      .member_url("url", {api, "/git/trees/", commit.tree_sha})
      .end_object();
  out.member_url("url", {api, "/git/commits/", commit.sha}).member("comment_count", commit.comment_count);
  out.name("verification").begin_object().member("verified", commit.verified);
  out.member("reason", commit.verified ? "valid" : "unsigned");
  if (commit.verified) {
    out.member("signature", fmt::format("-----BEGIN PGP SIGNATURE-----\n\n{}{}\n-----END PGP SIGNATURE-----\n",
                                        commit.sha, commit.tree_sha));
    out.member("payload", fmt::format("tree {}\nauthor {} <{}>\n\n{}", commit.tree_sha, commit.author.name,
                                      commit.author.email, commit.message));
    instant_or_null(out, "verified_at", commit.committer.date);
  } else {
    out.member("signature", nullptr).member("payload", nullptr).member("verified_at", nullptr);
  }
  out.end_object().end_object();
  out.member_url("url", {api, "/commits/", commit.sha})
      .member_url("html_url", {web_base, "/", full_name, "/commit/", commit.sha});
  out.member_url("comments_url", {api, "/commits/", commit.sha, "/comments"}).name("author");
  user_or_null(out, commit.author_user);
  out.name("committer");
  user_or_null(out, commit.committer_user);
  out.name("parents").begin_array();
  for (const std::string& parent : commit.parents) {
    out.begin_object().member("sha", parent).member_url("url", {api, "/commits/", parent});
    out.member_url("html_url", {web_base, "/", full_name, "/commit/", parent}).end_object();
  }
  out.end_array();
  if (detail) {
    out.name("stats").begin_object().member("total", commit.additions + commit.deletions);
    out.member("additions", commit.additions).member("deletions", commit.deletions).end_object();
    out.name("files").begin_array().begin_object().member("sha", commit.tree_sha).member("filename", "src/main.cpp");
    out.member("status", "modified").member("additions", commit.additions).member("deletions", commit.deletions);
    out.member("changes", commit.additions + commit.deletions).end_object().end_array();
  }
  out.end_object();
}

} // namespace dovetail::simulators::github
