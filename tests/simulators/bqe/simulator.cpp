// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/bqe/simulator.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/time.hpp"
#include "tests/simulators/bqe/configuration.hpp"
#include "tests/simulators/gzip.hpp"
#include "tests/simulators/seeded.hpp"

namespace dovetail::simulators::bqe {
namespace {

constexpr std::string_view json_type = "application/json; charset=utf-8";
constexpr std::string_view control_prefix = "/__sim__/";
constexpr std::size_t most_undescribed = 1000;
constexpr std::size_t least_gzip_bytes = 512;
constexpr std::array<Entity, entities> all_entities{Entity::project, Entity::client, Entity::employee};
constexpr std::string_view deletions_path = "deletedhistory";

Answer json_answer(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers.push_back({"Content-Type", std::string(json_type)});
  answer.body = std::make_shared<const std::string>(std::move(body));
  return answer;
}

/// The body of a refusal as the service writes it.
Answer refusal(int status, std::string_view code, std::string_view key, std::string_view message) {
  JsonText out;
  out.begin_object().member("ErrorCode", code).member("Key", key).member("Message", message).end_object();
  return json_answer(status, out.take());
}

Answer no_permission() {
  return refusal(409, "000.016", "MsgPermissions", "You do not have the security permissions to access this feature.");
}

Answer empty(int status) {
  Answer answer;
  answer.status = status;
  return answer;
}

std::string_view known_deletion_field(std::string_view name) {
  const auto& names = deletion_fields();
  const auto found =
      std::find_if(names.begin(), names.end(), [name](auto one) { return equal_ignoring_case(one, name); });
  return found == names.end() ? std::string_view() : *found;
}

bool is_offset(std::string_view text) {
  if (text.starts_with('-')) {
    text.remove_prefix(1);
  }
  return !text.empty() && text.size() <= 4 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

OAuthEndpointOptions endpoint_options(const SimulatorOptions& options) {
  OAuthEndpointOptions made = options.oauth;
  made.token_path = options.identity_prefix + "/connect/token";
  made.revoke_path = options.identity_prefix + "/connect/revocation";
  return made;
}

} // namespace

/// One request on its way through the simulator.
struct BqeSimulator::Call {
  const SimRequest& request;
  Target target = {};
  std::string path = {}; ///< for the statistics
  std::optional<Faults::Fault> fault = {};
  std::uint64_t rows = 0;
};

std::uint64_t Statistics::total() const {
  std::uint64_t sum = 0;
  for (const auto& [path, by_status] : requests) {
    for (const auto& [status, count] : by_status) {
      sum += count;
    }
  }
  return sum;
}

BqeSimulator::BqeSimulator(SimulatorOptions options, Clock& clock)
    : options_(std::move(options)), clock_(clock), world_(options_.world), faults_(options_.faults),
      oauth_(clock, endpoint_options(options_)) {}

Answer BqeSimulator::handle(const SimRequest& request) {
  if (options_.control && request.target.starts_with(control_prefix)) {
    return control(request);
  }
  if (oauth_.serves(request)) {
    const std::string base =
        options_.endpoint.empty()
            ? fmt::format("http://{}{}/", request.header("Host").value_or("api.bqecore.com"), options_.path_prefix)
            : options_.endpoint;
    oauth_.change([&base](OAuthEndpointOptions& edited) {
      edited.extra_members = {{"endpoint", fmt::format("\"{}\"", base)}};
    });
    return oauth_.handle(request);
  }
  Call call{.request = request};
  call.target = parse_target(request.target);
  call.path = call.target.path;
  call.fault = faults_.next(request.target);
  Answer result = answer(call);
  if (call.fault && spoils(call.fault->kind)) {
    if (result.status == 200) {
      spoil(*call.fault, faults_.plan(), result);
    } else {
      call.fault.reset();
    }
  } else if (options_.gzip && result.status == 200 && result.content().size() >= least_gzip_bytes &&
             request.header("Accept-Encoding").value_or("").find("gzip") != std::string_view::npos) {
    result.body = std::make_shared<const std::string>(gzip(result.content()));
    result.headers.push_back({"Content-Encoding", "gzip"});
  }
  result.headers.push_back({"X-Request-Id", hex_text(key_of(options_.world.seed, ++serial_), 16)});
  const std::lock_guard lock(mutex_);
  const bool whole = result.delivery.kind == DeliveryKind::whole;
  ++statistics_.requests[call.path][result.delivery.kind == DeliveryKind::reset_before_headers ? 0 : result.status];
  if (call.fault) {
    ++statistics_.faults[call.fault->kind];
  }
  if (result.status == 200 && whole && !call.fault) {
    statistics_.rows[call.path] += call.rows;
  }
  return result;
}

Answer BqeSimulator::answer(Call& call) {
  if (auto failed = fail_instead(call)) {
    return std::move(*failed);
  }
  if (auto refused = refuse(call.request)) {
    return std::move(*refused);
  }
  if (!within_limit()) {
    Answer limited = refusal(429, "000.429", "TooManyRequests", "API calls quota exceeded.");
    if (options_.limits.retry_after) {
      limited.headers.push_back({"Retry-After", "30"});
    }
    return limited;
  }
  if (call.fault && call.fault->kind == FaultKind::data_moves) {
    move_data(call.fault->key);
  }
  std::string_view path = call.target.path;
  if (!path.starts_with(options_.path_prefix + "/")) {
    return undescribed(call, "no such path");
  }
  path.remove_prefix(options_.path_prefix.size() + 1);
  if (call.request.method != "GET") {
    return undescribed(call, "only reading is simulated");
  }
  if (const auto offset = call.request.header("X-UTC-OFFSET"); offset && !is_offset(*offset)) {
    return undescribed(call, "X-UTC-OFFSET is a number of minutes");
  }
  if (path == deletions_path) {
    return deletions(call);
  }
  for (const Entity entity : all_entities) {
    const std::string_view name = path_of(entity);
    if (path == name) {
      return list(call, entity);
    }
    if (path.starts_with(name) && path[name.size()] == '/' && call.target.query.empty()) {
      return one(call, entity, path.substr(name.size() + 1));
    }
  }
  return undescribed(call, "no such path");
}

std::optional<Answer> BqeSimulator::refuse(const SimRequest& request) {
  if (request.header("User-Agent").value_or("").empty()) {
    return refusal(400, "000.400", "BadRequest", "A User-Agent is needed.");
  }
  const std::string_view authorization = request.header("Authorization").value_or("");
  for (const std::string& token : options_.tokens) {
    if (authorization == "Bearer " + token) {
      return std::nullopt;
    }
  }
  if (authorization.starts_with("Bearer ") && oauth_.check(request) == OAuthEndpoint::TokenState::valid) {
    return std::nullopt;
  }
  return empty(401);
}

std::optional<Answer> BqeSimulator::fail_instead(Call& call) {
  if (!call.fault || spoils(call.fault->kind) || call.fault->kind == FaultKind::data_moves) {
    return std::nullopt;
  }
  const auto limited = [](std::optional<std::string> wait) {
    Answer made = refusal(429, "000.429", "TooManyRequests", "API calls quota exceeded.");
    if (wait) {
      made.headers.push_back({"Retry-After", *wait});
    }
    return made;
  };
  const std::chrono::seconds wait = call.fault->retry_after;
  switch (call.fault->kind) {
  case FaultKind::rate_limit_date:
    return limited(format_http_date(std::chrono::ceil<std::chrono::seconds>(clock_.now()) + wait));
  case FaultKind::secondary_limit_bare:
    return limited(std::nullopt);
  case FaultKind::rate_limit_seconds:
  case FaultKind::primary_limit:
  case FaultKind::secondary_limit:
    return limited(std::to_string(wait.count()));
  case FaultKind::forbidden:
    return no_permission();
  case FaultKind::server_error:
    return refusal(500, "000.000", "GeneralException", "An error has occurred.");
  default:
    return failed_answer(call.fault->kind, call.target.path);
  }
}

bool BqeSimulator::within_limit() {
  const std::lock_guard lock(mutex_);
  const std::int64_t minute = std::chrono::floor<std::chrono::minutes>(clock_.now()).time_since_epoch().count();
  if (minute != minute_) {
    minute_ = minute;
    in_minute_ = 0;
  }
  return options_.limits.per_minute == 0 || ++in_minute_ <= options_.limits.per_minute;
}

Answer BqeSimulator::undescribed(Call& call, std::string_view why) {
  const std::lock_guard lock(mutex_);
  if (statistics_.undescribed.size() < most_undescribed) {
    statistics_.undescribed.push_back(fmt::format("{} {}: {}", call.request.method, call.request.target, why));
  }
  return why == "no such path" ? refusal(404, "000.404", "NotFound", why) : refusal(400, "000.400", "BadRequest", why);
}

Answer BqeSimulator::list(Call& call, Entity entity) {
  const auto query =
      parse_query(call.target, options_.rules, [entity](std::string_view name) { return find_field(entity, name); });
  if (!query.ok()) {
    return undescribed(call, query.error().message);
  }
  const std::shared_lock lock(world_mutex_);
  return page_of(call, *query, world_.count(entity), fields_of(entity),
                 [this, entity](std::size_t place, std::string_view field) -> std::optional<Value> {
                   return world_.audit(entity, place).deleted ? std::nullopt
                                                              : std::optional(value_of(world_, entity, place, field));
                 });
}

Answer BqeSimulator::deletions(Call& call) {
  if (!options_.has_deletions) {
    return no_permission();
  }
  const auto query = parse_query(call.target, options_.rules, known_deletion_field);
  if (!query.ok()) {
    return undescribed(call, query.error().message);
  }
  const std::shared_lock lock(world_mutex_);
  return page_of(call, *query, world_.deletions().size(), deletion_fields(),
                 [this](std::size_t place, std::string_view field) -> std::optional<Value> {
                   return value_of(world_.deletions()[place], field);
                 });
}

Answer BqeSimulator::one(Call& call, Entity entity, std::string_view id) {
  const std::shared_lock lock(world_mutex_);
  for (std::size_t place = 0; place < world_.count(entity); ++place) {
    if (world_.audit(entity, place).id == id && !world_.audit(entity, place).deleted) {
      JsonText out;
      out.begin_object();
      for (const std::string_view name : fields_of(entity)) {
        out.name(name);
        write_value(out, value_of(world_, entity, place, name), options_.shape);
      }
      call.rows = 1;
      return json_answer(200, out.end_object().take());
    }
  }
  return refusal(404, "000.404", "NotFound", "There is no such record.");
}

Answer BqeSimulator::page_of(Call& call, const Query& query, std::size_t count,
                             const std::vector<std::string_view>& names,
                             const std::function<std::optional<Value>(std::size_t, std::string_view)>& field) {
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < count; ++place) {
    if (!field(place, "id")) {
      continue;
    }
    const auto wanted = fits(query, [&](std::string_view name) { return field(place, name).value_or(Value()); });
    if (!wanted.ok()) {
      return undescribed(call, wanted.error().message);
    }
    if (*wanted) {
      places.push_back(place);
    }
  }
  if (query.count) {
    return json_answer(200, fmt::format("[{{\"count\":{}}}]", places.size()));
  }
  // What the order leaves open is the storage's business.
  const std::uint64_t shuffle = options_.stable_ties ? 0 : serial_.load() + 1;
  std::vector<std::pair<std::vector<Value>, std::size_t>> sorted;
  sorted.reserve(places.size());
  for (const std::size_t place : places) {
    std::vector<Value> keys;
    for (const SortKey& key : query.order) {
      keys.push_back(field(place, key.field).value_or(Value()));
    }
    sorted.emplace_back(std::move(keys), place);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [&](const auto& left, const auto& right) {
    for (std::size_t i = 0; i < query.order.size(); ++i) {
      if (const int order = compare(left.first[i], right.first[i]); order != 0) {
        return query.order[i].descending ? order > 0 : order < 0;
      }
    }
    return shuffle != 0 && key_of(shuffle, left.second) < key_of(shuffle, right.second);
  });
  const std::size_t size = options_.shorter_pages == 0 ? query.size : std::min(query.size, options_.shorter_pages);
  const std::size_t begin = std::min((query.page - 1) * size, sorted.size());
  const std::size_t end = std::min(begin + size, sorted.size());
  if (begin == end) {
    return options_.empty_as_array ? json_answer(200, "[]") : empty(204);
  }
  JsonText out;
  out.begin_array();
  for (std::size_t i = begin; i < end; ++i) {
    out.begin_object();
    const auto write = [&](std::string_view name) {
      out.name(name);
      write_value(out, field(sorted[i].second, name).value_or(Value()), options_.shape);
    };
    if (query.fields.empty()) {
      std::for_each(names.begin(), names.end(), write);
    } else {
      std::for_each(query.fields.begin(), query.fields.end(), write);
    }
    out.end_object();
  }
  call.rows = end - begin;
  return json_answer(200, out.end_array().take());
}

MutationCounts BqeSimulator::mutate(std::uint64_t seed, const MutationCounts& counts) {
  const std::unique_lock lock(world_mutex_);
  return world_.mutate(seed, counts);
}

void BqeSimulator::move_data(std::uint64_t key) {
  MutationCounts counts;
  counts.advance = std::chrono::seconds(1);
  counts.new_projects = 1;
  counts.updated_projects = 3;
  counts.deleted_projects = 1;
  static_cast<void>(mutate(key, counts));
}

Statistics BqeSimulator::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

Answer BqeSimulator::control(const SimRequest& request) {
  const std::string_view what = std::string_view(request.target).substr(control_prefix.size());
  if (request.method == "GET" && what == "statistics") {
    return json_answer(200, statistics_text(statistics()));
  }
  if (request.method == "POST" && what == "mutate") {
    const auto wanted = mutation_from_json(request.body);
    if (wanted.ok()) {
      static_cast<void>(mutate(wanted->seed, wanted->counts));
      return json_answer(200, R"({"ok":true})");
    }
    return refusal(400, "", "BadRequest", wanted.error().message);
  }
  if (request.method == "POST" && what == "faults") {
    auto plan = faults_from_json(request.body);
    if (plan.ok()) {
      set_faults(std::move(*plan));
      return json_answer(200, R"({"ok":true})");
    }
    return refusal(400, "", "BadRequest", plan.error().message);
  }
  return refusal(404, "", "NotFound", "there are statistics, mutate and faults");
}

} // namespace dovetail::simulators::bqe
