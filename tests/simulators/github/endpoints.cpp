// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/github/endpoints.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace dovetail::simulators::github {
namespace {

constexpr std::size_t most_pull_commits = 250; // "Lists a maximum of 250 commits for a pull request"

/// Everything that answering one request needs.
struct Context {
  const World& world;
  const Viewer& viewer;
  Renderer& renderer;
  const Route& route;
  const Target& target;
  const std::string& base;
  std::size_t largest_page;
};

Content failure(int status, std::string_view message) { return {status, error_body(status, message), {}, {}}; }
Content not_found() { return failure(404, "Not Found"); }

std::size_t positive_parameter(const Target& target, std::string_view name, std::size_t otherwise) {
  const std::string_view text = target.parameter(name).value_or("");
  std::size_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && number > 0 ? number : otherwise;
}

struct Window {
  std::size_t page = 1;
  std::size_t last_page = 1;
  std::size_t begin = 0;
  std::size_t end = 0;
};

Window window_of(const Target& target, std::size_t total, std::size_t largest_page) {
  const std::size_t size = std::clamp<std::size_t>(largest_page, 1, positive_parameter(target, "per_page", 30));
  Window window;
  // A page far past the end is as empty as the next one; the bound keeps the product from wrapping.
  window.page = std::min<std::size_t>(positive_parameter(target, "page", 1), 1U << 30U);
  window.last_page = std::max<std::size_t>(1, (total + size - 1) / size);
  window.begin = std::min(total, (window.page - 1) * size);
  window.end = std::min(total, window.begin + size);
  return window;
}

std::string link_of(const Context& context, const std::string& path, const Window& window) {
  std::string query;
  for (const auto& [name, value] : context.target.query) {
    if (name != "page") {
      query += percent_encode(name) + "=" + percent_encode(value) + "&";
    }
  }
  std::string link;
  const auto add = [&](std::size_t page, std::string_view relation) {
    link += fmt::format("{}<{}{}?{}page={}>; rel=\"{}\"", link.empty() ? "" : ", ", context.base, path, query, page,
                        relation);
  };
  if (window.page > 1) {
    add(std::min(window.page - 1, window.last_page), "prev");
  }
  if (window.page < window.last_page) {
    add(window.page + 1, "next");
    add(window.last_page, "last");
  }
  if (window.page > 1) {
    add(1, "first");
  }
  return link;
}

/// One page of `total` rows; `row(out, i)` writes row i.
template <typename Row> Content list(const Context& context, const std::string& path, std::size_t total, Row row) {
  const Window window = window_of(context.target, total, context.largest_page);
  JsonText out;
  out.begin_array();
  for (std::size_t i = window.begin; i < window.end; ++i) {
    row(out, i);
  }
  return {200, out.end_array().take(), window.last_page > 1 ? link_of(context, path, window) : "", {}};
}

template <typename Write> Content one(Write write) {
  JsonText out;
  write(out);
  return {200, out.take(), {}, {}};
}

bool descending_by(const Target& target, bool otherwise) {
  const std::string_view direction = target.parameter("direction").value_or("");
  return direction == "desc" || (direction != "asc" && otherwise);
}

Content organisation_members(const Context& context, std::uint32_t organisation) {
  const std::string_view role = context.target.parameter("role").value_or("all");
  const std::string_view filter = context.target.parameter("filter").value_or("all");
  if (filter != "all") {
    return failure(422, "Only owners can use this filter.");
  }
  std::vector<Member> members = context.world.members(organisation);
  const bool inside = context.viewer.sees(organisation);
  std::erase_if(members, [&](const Member& member) {
    return (!inside && !member.is_public) || (role != "all" && role != to_string(member.role));
  });
  const std::string path = fmt::format("/organizations/{}/members", context.world.organisation(organisation).id);
  return list(context, path, members.size(),
              [&](JsonText& out, std::size_t i) { context.renderer.simple_user(out, members[i].user); });
}

Content membership(const Context& context, std::uint32_t organisation) {
  if (!context.viewer.sees(organisation)) {
    return failure(403, "You must be a member of this organization to see its memberships.");
  }
  const std::optional<UserRef> user = context.world.find_user(context.route.name);
  const std::optional<Member> member = user ? context.world.member(organisation, *user) : std::nullopt;
  if (!member) {
    return not_found();
  }
  return one([&](JsonText& out) { context.renderer.membership(out, organisation, *member); });
}

/// Sorts and pages repositories for both lists of them.
Content repository_list(const Context& context, const std::string& path, std::vector<Repository> rows,
                        std::string_view default_sort) {
  const std::string_view sort = context.target.parameter("sort").value_or(default_sort);
  const bool descending = descending_by(context.target, sort != "full_name");
  const auto rank = [&](const Repository& repository) {
    return sort == "updated"  ? repository.updated_at
           : sort == "pushed" ? repository.pushed_at.value_or(sys_seconds::min())
                              : repository.created_at;
  };
  std::sort(rows.begin(), rows.end(), [&](const Repository& left, const Repository& right) {
    const Repository& first = descending ? right : left;
    const Repository& second = descending ? left : right;
    if (sort == "full_name") {
      return std::pair(lower_case(first.full_name()), first.id) < std::pair(lower_case(second.full_name()), second.id);
    }
    return std::pair(rank(first), first.id) < std::pair(rank(second), second.id);
  });
  return list(context, path, rows.size(), [&](JsonText& out, std::size_t i) {
    context.renderer.minimal_repository(out, rows[i], context.viewer.sees(rows[i].ref.organisation));
  });
}

Content organisation_repositories(const Context& context, std::uint32_t organisation) {
  const std::string_view type = context.target.parameter("type").value_or("all");
  const bool inside = context.viewer.sees(organisation);
  std::vector<Repository> rows;
  for (const RepositoryRef ref : context.world.repositories(organisation)) {
    Repository repository = context.world.repository(ref);
    const bool wanted = type == "public"    ? !repository.is_private
                        : type == "private" ? repository.is_private
                        : type == "forks"   ? repository.fork
                        : type == "sources" ? !repository.fork
                                            : true;
    if (wanted && (inside || !repository.is_private)) {
      rows.push_back(std::move(repository));
    }
  }
  const std::string path = fmt::format("/organizations/{}/repos", context.world.organisation(organisation).id);
  return repository_list(context, path, std::move(rows), "created");
}

Content account_repositories(const Context& context) {
  const std::string_view visibility = context.target.parameter("visibility").value_or("all");
  const std::string_view affiliation = context.target.parameter("affiliation").value_or("organization_member");
  const std::optional<sys_seconds> since = parse_instant(context.target.parameter("since").value_or(""));
  const std::optional<sys_seconds> before = parse_instant(context.target.parameter("before").value_or(""));
  std::vector<Repository> rows;
  if (affiliation.find("organization_member") != std::string_view::npos) {
    for (const std::uint32_t organisation : context.viewer.organisations) {
      for (const RepositoryRef ref : context.world.repositories(organisation)) {
        Repository repository = context.world.repository(ref);
        const bool wanted = (visibility == "all" || (visibility == "private") == repository.is_private) &&
                            (!since || repository.updated_at >= *since) &&
                            (!before || repository.updated_at <= *before);
        if (wanted) {
          rows.push_back(std::move(repository));
        }
      }
    }
  }
  return repository_list(context, "/user/repos", std::move(rows), "full_name");
}

Content pull_list(const Context& context, const Repository& repository) {
  const Target& target = context.target;
  const std::string_view state = target.parameter("state").value_or("open");
  const std::string_view sort = target.parameter("sort").value_or("created");
  PullOrder order;
  order.filter = state == "all" ? PullFilter::all : state == "closed" ? PullFilter::closed : PullFilter::open;
  order.sort = sort == "updated"        ? PullSort::updated
               : sort == "popularity"   ? PullSort::popularity
               : sort == "long-running" ? PullSort::long_running
                                        : PullSort::created;
  // "default: desc when sort is created or sort is not specified, otherwise asc"
  order.descending = descending_by(target, order.sort == PullSort::created);
  std::shared_ptr<const std::vector<int>> numbers = context.world.pull_numbers(repository.ref, order);
  const std::string_view base = target.parameter("base").value_or("");
  const std::string_view head = target.parameter("head").value_or("");
  if (!base.empty() || !head.empty()) {
    auto kept = std::make_shared<std::vector<int>>();
    for (const int number : *numbers) {
      const std::optional<Pull> pull = context.world.pull(repository.ref, number);
      const std::string owner = pull->head_kind == HeadKind::same_repository ? repository.owner
                                : pull->head_kind == HeadKind::fork          ? context.world.user(*pull->author).login
                                                                             : "";
      if ((base.empty() || pull->base_ref == base) && (head.empty() || owner + ":" + pull->head_ref == head)) {
        kept->push_back(number);
      }
    }
    numbers = kept;
  }
  const std::string path = fmt::format("/repositories/{}/pulls", repository.id);
  return list(context, path, numbers->size(), [&](JsonText& out, std::size_t i) {
    context.renderer.pull(out, *context.world.pull(repository.ref, (*numbers)[i]), false);
  });
}

Content pull_part(const Context& context, const Repository& repository) {
  const Route& route = context.route;
  if (route.number > 100'000'000) {
    return not_found();
  }
  const int number = static_cast<int>(route.number);
  const std::optional<Pull> pull = context.world.pull(repository.ref, number);
  if (!pull) {
    return not_found();
  }
  const std::string path = fmt::format("/repositories/{}/pulls/{}", repository.id, number);
  const std::string full_name = repository.full_name();
  if (route.endpoint == Endpoint::pull) {
    return one([&](JsonText& out) { context.renderer.pull(out, *pull, true); });
  }
  if (route.endpoint == Endpoint::pull_commits) {
    const std::vector<Commit> commits = context.world.pull_commits(repository.ref, number);
    return list(context, path + "/commits", std::min(commits.size(), most_pull_commits),
                [&](JsonText& out, std::size_t i) { context.renderer.commit(out, commits[i], full_name, false); });
  }
  const std::vector<Review> reviews = context.world.reviews(repository.ref, number);
  if (route.endpoint == Endpoint::reviews) {
    return list(context, path + "/reviews", reviews.size(),
                [&](JsonText& out, std::size_t i) { context.renderer.review(out, reviews[i], full_name, number); });
  }
  const auto found = std::find_if(reviews.begin(), reviews.end(),
                                  [&](const Review& review) { return std::to_string(review.id) == route.name; });
  if (found == reviews.end()) {
    return not_found();
  }
  return one([&](JsonText& out) { context.renderer.review(out, *found, full_name, number); });
}

std::optional<int> find_commit(const World& world, const Repository& repository, std::string_view reference) {
  const int count = world.commit_count(repository.ref);
  if (reference.empty() || reference == repository.default_branch || reference == "HEAD" ||
      reference == "heads/" + repository.default_branch) {
    return count - 1;
  }
  for (int i = 0; i < count; ++i) {
    if (world.commit(repository.ref, i).sha == reference) {
      return i;
    }
  }
  return std::nullopt;
}

bool matches_person(const World& world, const Signature& signature, std::optional<UserRef> user,
                    std::string_view wanted) {
  return wanted.empty() || signature.email == wanted || (user && equal_ignoring_case(world.user(*user).login, wanted));
}

Content commit_part(const Context& context, const Repository& repository) {
  const World& world = context.world;
  const Target& target = context.target;
  if (world.commit_count(repository.ref) == 0) {
    return failure(409, "Git Repository is empty.");
  }
  const bool list_wanted = context.route.endpoint == Endpoint::commits;
  const std::string_view reference =
      list_wanted ? target.parameter("sha").value_or("") : std::string_view(context.route.name);
  const std::optional<int> newest = find_commit(world, repository, reference);
  const std::string full_name = repository.full_name();
  if (!newest) {
    return list_wanted ? not_found() : failure(422, fmt::format("No commit found for SHA: {}", reference));
  }
  if (!list_wanted) {
    return one(
        [&](JsonText& out) { context.renderer.commit(out, world.commit(repository.ref, *newest), full_name, true); });
  }
  const std::optional<sys_seconds> since = parse_instant(target.parameter("since").value_or(""));
  const std::optional<sys_seconds> until = parse_instant(target.parameter("until").value_or(""));
  const std::string_view author = target.parameter("author").value_or("");
  const std::string_view committer = target.parameter("committer").value_or("");
  std::vector<int> indices;
  for (int i = *newest; i >= 0; --i) {
    const sys_seconds date = world.commit_date(repository.ref, i);
    if (since && date < *since) {
      break; // dates grow with the index
    }
    if (until && date > *until) {
      continue;
    }
    if (!author.empty() || !committer.empty()) {
      const Commit commit = world.commit(repository.ref, i);
      if (!matches_person(world, commit.author, commit.author_user, author) ||
          !matches_person(world, commit.committer, commit.committer_user, committer)) {
        continue;
      }
    }
    indices.push_back(i);
  }
  const std::string path = fmt::format("/repositories/{}/commits", repository.id);
  return list(context, path, indices.size(), [&](JsonText& out, std::size_t i) {
    context.renderer.commit(out, world.commit(repository.ref, indices[i]), full_name, false);
  });
}

Content moved(const Context& context, const Repository& repository) {
  Content content;
  content.status = 301;
  content.location = fmt::format("{}/repositories/{}{}", context.base, repository.id, context.route.rest);
  if (!context.target.raw_query.empty()) {
    content.location += "?" + context.target.raw_query;
  }
  JsonText out;
  out.begin_object().member("message", "Moved Permanently").member("url", content.location);
  out.member("documentation_url",
             "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects");
  content.body = out.end_object().take();
  return content;
}

Content in_organisation(const Context& context) {
  const Route& route = context.route;
  const std::optional<std::uint32_t> organisation = route.organisation_id != 0
                                                        ? context.world.find_organisation(route.organisation_id)
                                                        : context.world.find_organisation(route.organisation);
  if (!organisation) {
    return not_found();
  }
  switch (route.endpoint) {
  case Endpoint::organisation_members:
    return organisation_members(context, *organisation);
  case Endpoint::membership:
    return membership(context, *organisation);
  default:
    return organisation_repositories(context, *organisation);
  }
}

Content in_repository(const Context& context) {
  const Route& route = context.route;
  std::optional<World::FoundRepository> found;
  if (route.repository_id == 0) {
    found = context.world.find_repository(route.owner, route.repository);
  } else if (const std::optional<RepositoryRef> ref = context.world.find_repository(route.repository_id)) {
    found = World::FoundRepository{*ref, false};
  }
  if (!found) {
    return not_found();
  }
  const Repository repository = context.world.repository(found->ref);
  const bool inside = context.viewer.sees(found->ref.organisation);
  if (repository.is_private && !inside) {
    return not_found();
  }
  if (found->moved) {
    return moved(context, repository);
  }
  switch (route.endpoint) {
  case Endpoint::repository:
    return one([&](JsonText& out) { context.renderer.full_repository(out, repository, inside); });
  case Endpoint::pulls:
    return pull_list(context, repository);
  case Endpoint::commits:
  case Endpoint::commit:
    return commit_part(context, repository);
  default:
    return pull_part(context, repository);
  }
}

} // namespace

bool Viewer::sees(std::uint32_t organisation) const {
  return std::find(organisations.begin(), organisations.end(), organisation) != organisations.end();
}

std::string error_body(int status, std::string_view message) {
  JsonText out;
  out.begin_object().member("message", message).member("documentation_url", "https://docs.github.com/rest");
  return out.member("status", std::to_string(status)).end_object().take();
}

Content answer_route(const World& world, const Viewer& viewer, ApiVersion version, const Route& route,
                     const Target& target, const std::string& base, std::size_t largest_page) {
  Renderer renderer(world, version);
  const Context context{world, viewer, renderer, route, target, base, largest_page};
  switch (route.endpoint) {
  case Endpoint::undescribed:
  case Endpoint::rate_limit:
    return not_found();
  case Endpoint::organisation_members:
  case Endpoint::membership:
  case Endpoint::organisation_repositories:
    return in_organisation(context);
  case Endpoint::user: {
    const std::optional<UserRef> user = world.find_user(route.name);
    return user ? one([&](JsonText& out) { renderer.user(out, world.user(*user), false); }) : not_found();
  }
  case Endpoint::account:
    return one([&](JsonText& out) { renderer.user(out, world.user(viewer.account), true); });
  case Endpoint::account_repositories:
    return account_repositories(context);
  default:
    return in_repository(context);
  }
}

} // namespace dovetail::simulators::github
