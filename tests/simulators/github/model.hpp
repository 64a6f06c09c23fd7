// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dovetail::simulators::github {

using std::chrono::sys_seconds;

/// What a simulated GitHub is made of. All of it follows from the seed; see world.hpp. Values; not thread-safe.
struct OrganisationOptions {
  std::string login = {};
  int members = 12;
  /// People who open pull requests and review without being members.
  int outsiders = 3;
  int repositories = 4;
  /// How many of the repositories hold nothing at all: no commit, no pull request, `pushed_at` null.
  int empty_repositories = 1;
  /// In all repositories together; the split is uneven.
  int pull_requests = 60;
  double reviews_per_pull = 2.0;
  double commits_per_pull = 3.0;
  int commits_per_repository = 40;
};

struct WorldOptions {
  std::uint64_t seed = 1;
  /// The moment at which the generated history ends; mutations come after it.
  sys_seconds epoch{std::chrono::seconds{1767571200}}; // 2026-01-05T00:00:00Z
  std::chrono::seconds history = std::chrono::hours{24 * 540};
  /// The share of pull requests whose body is long, and how long.
  double long_body_share = 0.01;
  std::size_t long_body_bytes = 24U * 1024U;
  std::vector<OrganisationOptions> organisations = {};
};

/// Names a user of the world. Members, outsiders and bots of an organisation have ranges of their own.
struct UserRef {
  std::uint32_t organisation = 0;
  std::uint32_t index = 0;
  friend bool operator==(const UserRef&, const UserRef&) = default;
};

struct RepositoryRef {
  std::uint32_t organisation = 0;
  std::uint32_t index = 0;
  friend bool operator==(const RepositoryRef&, const RepositoryRef&) = default;
};

enum class UserType : std::uint8_t { user, bot, organization };
[[nodiscard]] std::string_view to_string(UserType type) noexcept;

struct User {
  std::int64_t id = 0;
  std::string login;
  std::string node_id;
  UserType type = UserType::user;
  bool site_admin = false;
  std::optional<std::string> name;
  std::optional<std::string> company;
  std::string blog;
  std::optional<std::string> location;
  std::optional<std::string> email; ///< the public one of the profile
  std::optional<bool> hireable;
  std::optional<std::string> bio;
  std::optional<std::string> twitter_username;
  int public_repos = 0;
  int public_gists = 0;
  int followers = 0;
  int following = 0;
  sys_seconds created_at;
  sys_seconds updated_at;
};

enum class Role : std::uint8_t { member, admin };
[[nodiscard]] std::string_view to_string(Role role) noexcept;

struct Member {
  User user;
  Role role = Role::member;
  bool is_public = false; ///< whether people outside the organisation see the membership
};

struct Repository {
  RepositoryRef ref;
  std::int64_t id = 0;
  std::string node_id;
  std::string owner; ///< the organisation's login
  std::string name;
  std::optional<std::string> description;
  std::string visibility; ///< "public", "private" or "internal"
  bool is_private = false;
  bool fork = false;
  bool archived = false;
  bool disabled = false;
  std::string default_branch;
  std::optional<std::string> language;
  std::optional<std::string> homepage;
  std::optional<std::string> license_key;
  std::vector<std::string> topics;
  sys_seconds created_at;
  sys_seconds updated_at;
  std::optional<sys_seconds> pushed_at;
  int size = 0;
  int stars = 0;
  int forks = 0;
  int open_issues = 0;

  [[nodiscard]] std::string full_name() const { return owner + "/" + name; }
};

/// Where a pull request's branch lives.
enum class HeadKind : std::uint8_t { same_repository, fork, deleted_fork };

struct Label {
  std::int64_t id = 0;
  std::string name;
  std::string color;
  std::optional<std::string> description;
};

struct Pull {
  RepositoryRef repository;
  std::int64_t id = 0;
  int number = 0;
  std::string node_id;
  std::string title;
  std::optional<std::string> body;
  bool open = true;
  bool draft = false;
  bool locked = false;
  sys_seconds created_at;
  sys_seconds updated_at;
  std::optional<sys_seconds> closed_at;
  std::optional<sys_seconds> merged_at;
  std::optional<UserRef> author; ///< nullopt: the account was deleted
  std::optional<UserRef> merged_by;
  std::string author_association;
  std::string base_ref;
  std::string base_sha;
  HeadKind head_kind = HeadKind::same_repository;
  std::string head_ref;
  std::string head_sha;
  std::optional<std::string> merge_commit_sha;
  std::vector<UserRef> assignees;
  std::vector<UserRef> requested_reviewers;
  std::vector<Label> labels;
  std::optional<std::string> milestone;
  bool auto_merge = false;
  int comments = 0;
  int review_comments = 0;
  int commits = 0;
  int additions = 0;
  int deletions = 0;
  int changed_files = 0;
  bool maintainer_can_modify = false;

  [[nodiscard]] std::string_view state() const noexcept { return open ? "open" : "closed"; }
};

enum class ReviewState : std::uint8_t { approved, changes_requested, commented, dismissed, pending };
/// Upper case, as REST has it.
[[nodiscard]] std::string_view to_string(ReviewState state) noexcept;

struct Review {
  std::int64_t id = 0;
  std::string node_id;
  std::optional<UserRef> user;
  ReviewState state = ReviewState::commented;
  std::optional<sys_seconds> submitted_at; ///< nullopt when pending
  std::optional<std::string> commit_id;
  std::string body;
  std::string author_association;
};

struct Signature {
  std::string name;
  std::string email;
  sys_seconds date;
};

struct Commit {
  std::string sha;
  std::string tree_sha;
  std::string message;
  Signature author;
  Signature committer;
  std::optional<UserRef> author_user;
  std::optional<UserRef> committer_user;
  std::vector<std::string> parents;
  bool verified = false;
  int comment_count = 0;
  int additions = 0;
  int deletions = 0;
};

/// "2026-01-05T09:00:00Z": as GitHub writes instants.
[[nodiscard]] std::string format_instant(sys_seconds time);
/// Reads what `format_instant` writes, and any ISO 8601 instant; fractions are cut.
[[nodiscard]] std::optional<sys_seconds> parse_instant(std::string_view text);

} // namespace dovetail::simulators::github
