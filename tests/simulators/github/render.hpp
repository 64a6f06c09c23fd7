// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "tests/simulators/github/world.hpp"
#include "tests/simulators/json_text.hpp"

namespace dovetail::simulators::github {

enum class ApiVersion : std::uint8_t { v2022_11_28, v2026_03_10 };

/// Writes the world's things in the shapes of GitHub's REST API, key for key and in its order. URLs inside bodies name
/// api.github.com whatever host serves them: a client that follows them leaves the host it was told to use, and is caught.
/// One per answer; not thread-safe.
class Renderer {
public:
  Renderer(const World& world, ApiVersion version) : world_(world), version_(version) {}

  void simple_user(JsonText& out, const User& user) const;
  /// `private_profile`: the fields that only the account itself sees.
  void user(JsonText& out, const User& user, bool private_profile) const;
  void membership(JsonText& out, std::uint32_t organisation, const Member& member) const;
  /// A row of a repository list.
  void minimal_repository(JsonText& out, const Repository& repository, bool admin) const;
  void full_repository(JsonText& out, const Repository& repository, bool admin) const;
  /// A row of a pull request list, or with `detail` the answer for one.
  void pull(JsonText& out, const Pull& pull, bool detail);
  void review(JsonText& out, const Review& review, const std::string& full_name, int number) const;
  /// With `detail`: statistics and files too.
  void commit(JsonText& out, const Commit& commit, const std::string& full_name, bool detail) const;

private:
  void simple_user_members(JsonText& out, const User& user) const;
  void user_or_null(JsonText& out, std::optional<UserRef> ref) const;
  void organisation_user(JsonText& out, std::uint32_t organisation) const;
  void repository_members(JsonText& out, const Repository& repository, const User& owner) const;
  void permissions(JsonText& out, bool admin) const;
  void pull_branches(JsonText& out, const Pull& pull);
  void pull_links(JsonText& out, const std::string& api, const std::string& html, const std::string& number,
                  const std::string& sha, const std::string& repository_api) const;
  void pull_people(JsonText& out, const Pull& pull, const std::string& repository_api) const;
  struct BaseRepository {
    Repository repository;
    std::string full_name;
    std::string text;
  };
  [[nodiscard]] const BaseRepository& base_repository(RepositoryRef ref);

  const World& world_;
  const ApiVersion version_;
  /// Rows of one page share their base repository: written once.
  std::unordered_map<std::uint64_t, BaseRepository> repositories_;
};

} // namespace dovetail::simulators::github
