// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/replay.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <rapidjson/document.h>

namespace dovetail::simulators {
namespace {

constexpr std::size_t most_line_bytes = 64U << 20U;

std::string string_of(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found != object.MemberEnd() && found->value.IsString()
             ? std::string(found->value.GetString(), found->value.GetStringLength())
             : std::string();
}

std::string string_of(const rapidjson::Value& value) { return {value.GetString(), value.GetStringLength()}; }

Result<Exchange> exchange_of(const rapidjson::Value& line, const std::string& where) {
  const auto number = [&](const char* name) {
    const auto found = line.FindMember(name);
    return found != line.MemberEnd() && found->value.IsInt() ? found->value.GetInt() : -1;
  };
  Exchange exchange;
  exchange.scenario = string_of(line, "scenario");
  exchange.sequence = number("seq");
  exchange.method = string_of(line, "method");
  exchange.host = string_of(line, "host");
  exchange.target = string_of(line, "path");
  exchange.status = number("status");
  exchange.body = string_of(line, "body");
  if (exchange.method.empty() || !exchange.target.starts_with('/') || exchange.status < 100) {
    return invalid_argument(fmt::format("{}: not a recorded exchange", where));
  }
  if (const auto sent = line.FindMember("req_headers"); sent != line.MemberEnd() && sent->value.IsObject()) {
    for (const auto& header : sent->value.GetObject()) {
      if (header.value.IsString()) {
        exchange.request_headers.push_back({string_of(header.name), string_of(header.value)});
      }
    }
  }
  if (const auto got = line.FindMember("headers"); got != line.MemberEnd() && got->value.IsArray()) {
    for (const auto& pair : got->value.GetArray()) {
      if (!pair.IsArray() || pair.Size() != 2 || !pair[0].IsString() || !pair[1].IsString()) {
        return invalid_argument(fmt::format("{}: a header is not a pair of strings", where));
      }
      exchange.headers.push_back({string_of(pair[0]), string_of(pair[1])});
    }
  }
  return exchange;
}

bool belongs_to_the_wire(std::string_view header) {
  return equal_ignoring_case(header, "Content-Encoding") || equal_ignoring_case(header, "Transfer-Encoding") ||
         equal_ignoring_case(header, "Content-Length") || equal_ignoring_case(header, "Connection");
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    // "https://api.github.com" must not match in "https://api.github.com.example.net".
    const std::size_t after = at + from.size();
    if (after == text.size() || text[after] == '/' || text[after] == '?' || text[after] == '>') {
      text.replace(at, from.size(), to);
    }
  }
}

} // namespace

Result<std::vector<Exchange>> load_recordings(const std::string& file, const std::vector<std::string>& scenarios) {
  std::ifstream input(file, std::ios::binary);
  if (!input) {
    return not_found(fmt::format("recordings {} cannot be read", file));
  }
  std::vector<Exchange> exchanges;
  std::set<std::string> found;
  std::string text;
  for (std::size_t number = 1; std::getline(input, text); ++number) {
    const std::string where = fmt::format("{}:{}", file, number);
    if (text.size() > most_line_bytes) {
      return out_of_range(fmt::format("{}: the line is too long", where));
    }
    // Most lines belong to others: a name that does not stand in the text cannot be the scenario's.
    if (!scenarios.empty() && std::none_of(scenarios.begin(), scenarios.end(), [&](const std::string& name) {
          return text.find(name) != std::string::npos;
        })) {
      continue;
    }
    rapidjson::Document line;
    line.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
    if (line.HasParseError() || !line.IsObject()) {
      return invalid_argument(fmt::format("{}: not a JSON object", where));
    }
    const std::string scenario = string_of(line, "scenario");
    if (!scenarios.empty() && std::find(scenarios.begin(), scenarios.end(), scenario) == scenarios.end()) {
      continue;
    }
    found.insert(scenario);
    DOVETAIL_TRY(Exchange exchange, exchange_of(line, where));
    exchanges.push_back(std::move(exchange));
  }
  for (const std::string& scenario : scenarios) {
    if (!found.contains(scenario)) {
      return not_found(fmt::format("recordings {} have no scenario \"{}\"", file, scenario));
    }
  }
  return exchanges;
}

Replay::Replay(std::vector<Exchange> exchanges, ReplayOptions options)
    : options_(std::move(options)), exchanges_(std::move(exchanges)) {
  for (std::size_t i = 0; i < exchanges_.size(); ++i) {
    insert(i);
  }
}

std::string Replay::key_of(const std::string& method, std::string_view target, bool with_query) const {
  Target parsed = parse_target(target);
  std::string key = method;
  for (const std::string& segment : parsed.segments) {
    key += "/" + percent_encode(segment);
  }
  if (!with_query) {
    return key;
  }
  std::sort(parsed.query.begin(), parsed.query.end());
  for (const auto& [name, value] : parsed.query) {
    if (!options_.ignored_parameters.contains(name)) {
      key += "&" + percent_encode(name) + "=" + percent_encode(value);
    }
  }
  return key;
}

void Replay::insert(std::size_t index) {
  const Exchange& exchange = exchanges_[index];
  by_request_[key_of(exchange.method, exchange.target, true)].exchanges.push_back(index);
  by_path_[key_of(exchange.method, exchange.target, false)].exchanges.push_back(index);
}

void Replay::add(Exchange exchange) {
  const std::lock_guard lock(mutex_);
  exchanges_.push_back(std::move(exchange));
  insert(exchanges_.size() - 1);
}

const Exchange* Replay::choose(Sequence& sequence, bool conditional) const {
  const Exchange* last_fitting = nullptr;
  for (std::size_t place = 0; place < sequence.exchanges.size(); ++place) {
    const Exchange& exchange = exchanges_[sequence.exchanges[place]];
    if (exchange.status == 304 && !conditional) {
      continue;
    }
    last_fitting = &exchange;
    if (place >= sequence.next) {
      sequence.next = place + 1;
      break;
    }
  }
  return last_fitting;
}

Answer Replay::answer_with(const Exchange& exchange, const SimRequest& request) const {
  Answer answer;
  answer.status = exchange.status;
  std::string base = options_.base;
  if (base.empty()) {
    base = fmt::format("http://{}", request.header("Host").value_or("127.0.0.1"));
  }
  for (const Header& header : exchange.headers) {
    if (belongs_to_the_wire(header.name)) {
      continue;
    }
    Header sent = header;
    if (options_.rewrite_links &&
        (equal_ignoring_case(header.name, "Link") || equal_ignoring_case(header.name, "Location"))) {
      replace_all(sent.value, options_.recorded_base, base);
    }
    answer.headers.push_back(std::move(sent));
  }
  const std::string_view condition = request.header("If-None-Match").value_or("");
  if (options_.conditional && exchange.status == 200 && !condition.empty() && answer.header("ETag") == condition) {
    answer.status = 304;
  }
  if (answer.status != 304 && !exchange.body.empty()) {
    answer.body = std::make_shared<const std::string>(exchange.body);
  }
  return answer;
}

Answer Replay::handle(const SimRequest& request) {
  const bool conditional = request.header("If-None-Match").has_value();
  const std::lock_guard lock(mutex_);
  const Exchange* exchange = nullptr;
  if (const auto exact = by_request_.find(key_of(request.method, request.target, true)); exact != by_request_.end()) {
    exchange = choose(exact->second, conditional);
  }
  if (exchange == nullptr && options_.fall_back_to_path) {
    if (const auto near = by_path_.find(key_of(request.method, request.target, false)); near != by_path_.end()) {
      exchange = choose(near->second, conditional);
    }
  }
  if (exchange != nullptr) {
    ++served_;
    return answer_with(*exchange, request);
  }
  unmatched_.push_back(request.method + " " + request.target);
  Answer answer;
  answer.status = 404;
  answer.headers.push_back({"Content-Type", "application/json; charset=utf-8"});
  answer.body = std::make_shared<const std::string>(R"({"message":"Not Found","status":"404"})");
  return answer;
}

std::vector<std::string> Replay::unmatched() const {
  const std::lock_guard lock(mutex_);
  return unmatched_;
}

std::uint64_t Replay::served() const {
  const std::lock_guard lock(mutex_);
  return served_;
}

void Replay::rewind() {
  const std::lock_guard lock(mutex_);
  for (auto* sequences : {&by_request_, &by_path_}) {
    for (auto& [key, sequence] : *sequences) {
      sequence.next = 0;
    }
  }
}

} // namespace dovetail::simulators
