// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tests/simulators/github/model.hpp"

/// How the world numbers its things; shared by the files that implement it.
namespace dovetail::simulators::github {

enum Kind : std::uint64_t {
  kind_user = 1,
  kind_repository,
  kind_pull,
  kind_pull_text,
  kind_review,
  kind_review_text,
  kind_pull_commit,
  kind_commit,
  kind_mutation,
};

inline constexpr std::uint32_t outsider_base = 1'000'000;
inline constexpr std::uint32_t bot_base = 2'000'000;
inline constexpr std::uint32_t bots_per_organisation = 2;
inline constexpr std::uint32_t users_per_organisation = 10'000'000;
inline constexpr int max_pulls_per_repository = 4'000'000;
inline constexpr std::uint32_t max_repositories = 100'000;

inline constexpr std::int64_t first_user_id = 6'000'000'000;
inline constexpr std::int64_t first_organisation_id = 9'000'000'000;
inline constexpr std::int64_t first_repository_id = 7'000'000'000;
inline constexpr std::int64_t first_pull_id = 900'000'000'000;
inline constexpr std::int64_t first_review_id = 4'000'000'000'000;

/// The account in whose name GitHub commits what is done on the web.
inline constexpr UserRef web_flow{0xffffffffU, 0};

} // namespace dovetail::simulators::github
