// SPDX-License-Identifier: Apache-2.0
#include "fake_call.hpp"

#include <algorithm>
#include <utility>

#include "dovetail/sdk/link.hpp"
#include "dovetail/sdk/url.hpp"

namespace dovetail::testing {

using sdk::detail::slice;
using sdk::detail::view;
using Kind = sdk::JsonValue::Kind;

namespace {

constexpr std::size_t max_handles = 1024;
constexpr std::size_t max_cursor_bytes = 16U << 10U;
constexpr std::size_t max_key_bytes = 1024;
constexpr std::size_t max_pointers = 64;

[[nodiscard]] dvt_json_value to_raw(const JsonNode* node) {
  dvt_json_value value{};
  if (node == nullptr) {
    return value;
  }
  value.kind = static_cast<std::int32_t>(node->kind);
  switch (node->kind) {
  case Kind::boolean:
    value.integer = node->boolean ? 1 : 0;
    break;
  case Kind::integer:
    value.integer = node->integer;
    value.text = slice(node->raw);
    break;
  case Kind::real:
    value.real = node->real;
    value.text = slice(node->raw);
    break;
  case Kind::string:
    value.text = slice(node->string);
    break;
  case Kind::array:
  case Kind::object:
    value.integer = static_cast<std::int64_t>(node->items.size());
    value.text = slice(node->raw);
    break;
  case Kind::missing:
  case Kind::null:
    break;
  }
  return value;
}

[[nodiscard]] bool malformed(std::string_view pointer) { return !pointer.empty() && pointer.front() != '/'; }

/// Why these constants are not a small object of scalars; empty when they are.
[[nodiscard]] std::string problem_of_constants(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  const auto tree = JsonTree::parse(text);
  if (!tree.ok() || (*tree)->root().kind != Kind::object || (*tree)->root().items.size() > 64) {
    return "constants must be a JSON object of at most 64 members";
  }
  for (const auto& item : (*tree)->root().items) {
    if (item.kind == Kind::array || item.kind == Kind::object) {
      return "constants must be scalars";
    }
  }
  return {};
}

} // namespace

FakeCall::FakeCall(FakeHost& host) : host_(host) {
  error_.base.struct_size = Grown<dvt_error>::size(host.minor_);
  error_.base.host = this;
  error_.base.set_message = &set_message;
  error_.base.set_provider_request_id = &set_request_id;
  error_.base.message = &get_message;
  error_.base.provider_request_id = &get_request_id;
  call_.base.struct_size = Grown<dvt_call>::size(host.minor_);
  call_.base.host = this;
  call_.base.error = &error_.base;
  call_.base.deadline_us = DVT_NO_TIME;
  if (host.call_timeout_) {
    call_.base.deadline_us = (host.now_ + *host.call_timeout_).time_since_epoch().count();
  }
  call_.base.is_cancelled = [](const dvt_call* call) noexcept -> std::int32_t { return of(call).ended() ? 1 : 0; };
  sink_.base.struct_size = Grown<dvt_page_sink>::size(host.minor_);
  sink_.base.host = this;
  sink_.base.records = [](const dvt_call* call, const dvt_page_sink*, const dvt_records* records) noexcept -> dvt_code {
    return of(call).take_records(*records);
  };
  sink_.base.unchanged = [](const dvt_call* call, const dvt_page_sink*, dvt_slice key) noexcept -> dvt_code {
    auto& self = of(call);
    if (self.finished_) {
      return self.broken("unchanged() after finish()");
    }
    if (!self.host_.page_keys_.contains(view(key))) {
      return DVT_NOT_FOUND;
    }
    self.page_.unchanged.emplace_back(view(key));
    return DVT_OK;
  };
  sink_.base.set_state = [](const dvt_call* call, const dvt_page_sink*, dvt_slice key,
                            dvt_slice value) noexcept -> dvt_code {
    auto& self = of(call);
    if (self.finished_) {
      return self.broken("set_state() after finish()");
    }
    if (key.size == 0 || key.size > max_key_bytes || value.size > max_cursor_bytes) {
      return self.broken("set_state() with a key of not 1 to 1024 bytes or a value above 16 KiB");
    }
    self.page_.state.emplace_back(view(key), view(value));
    return DVT_OK;
  };
  sink_.base.finish = [](const dvt_call* call, const dvt_page_sink*, const dvt_page_end* end) noexcept -> dvt_code {
    return of(call).take_end(*end);
  };
  prepare_account_sinks();
}

void FakeCall::set_message(dvt_error* error, dvt_slice text) noexcept {
  static_cast<FakeCall*>(error->host)->message_ = view(text).substr(0, 2048);
}
void FakeCall::set_request_id(dvt_error* error, dvt_slice text) noexcept {
  static_cast<FakeCall*>(error->host)->request_id_ = view(text).substr(0, 128);
}
dvt_slice FakeCall::get_message(const dvt_error* error) noexcept {
  return slice(static_cast<FakeCall*>(error->host)->message_);
}
dvt_slice FakeCall::get_request_id(const dvt_error* error) noexcept {
  return slice(static_cast<FakeCall*>(error->host)->request_id_);
}

dvt_code FakeCall::broken(std::string rule) {
  if (broken_rule_.empty()) {
    broken_rule_ = std::move(rule);
  }
  return failed(sdk::make_error(sdk::Code::internal, "the plugin broke a rule of the ABI: " + broken_rule_));
}

dvt_code FakeCall::failed(const sdk::Error& error) { return sdk::detail::tell(&call_.base, error); }

sdk::Status FakeCall::outcome(dvt_code code) const {
  if (broken_rule_.empty() && code == DVT_OK && broken_if_unfinished_ && !finished_) {
    return sdk::make_error(sdk::Code::internal,
                           "the plugin broke a rule of the ABI: read_page succeeded without finish()");
  }
  if (!broken_rule_.empty()) {
    return sdk::make_error(sdk::Code::internal, "the plugin broke a rule of the ABI: " + broken_rule_);
  }
  return code == DVT_OK ? sdk::Status() : sdk::Status(sdk::detail::error_of(&call_.base, code));
}

void FakeCall::close() {
  page_.leaked_handles = static_cast<std::size_t>(
      std::count_if(responses_.begin(), responses_.end(), [](auto& r) { return !r->released; }) +
      std::count_if(documents_.begin(), documents_.end(), [](auto& d) { return !d->released; }));
}

bool FakeCall::ended() const {
  const bool late =
      call_.base.deadline_us != DVT_NO_TIME && host_.now_.time_since_epoch().count() >= call_.base.deadline_us;
  return late || (host_.cancel_after_ && host_.http_.requests().size() >= *host_.cancel_after_);
}

dvt_code FakeCall::end_code() {
  const bool late =
      call_.base.deadline_us != DVT_NO_TIME && host_.now_.time_since_epoch().count() >= call_.base.deadline_us;
  return late ? failed(sdk::make_error(sdk::Code::deadline_exceeded, "the call is past its deadline",
                                       sdk::Retry::transient))
              : failed(sdk::make_error(sdk::Code::cancelled, "the call was cancelled"));
}

FakeCall::Response* FakeCall::find(const dvt_http_response* handle) {
  for (const auto& response : responses_) {
    if (static_cast<const void*>(response.get()) == static_cast<const void*>(handle) && !response->released) {
      return response.get();
    }
  }
  return nullptr;
}

FakeCall::Document* FakeCall::find(const dvt_json_document* document) {
  for (const auto& known : documents_) {
    if (static_cast<const void*>(known.get()) == static_cast<const void*>(document) && !known->released) {
      return known.get();
    }
  }
  return nullptr;
}

dvt_code FakeCall::send(const dvt_http_request& request, dvt_http_response** out) {
  *out = nullptr;
  if (http_forbidden_) {
    return broken("a request while the instance is made");
  }
  if (ended()) {
    return end_code();
  }
  if (responses_.size() == max_handles) {
    return broken("more than 1024 responses in one call");
  }
  const auto url = view(request.url);
  if (view(request.method).empty() || (url.substr(0, 1) != "/" && sdk::url_origin(url).empty())) {
    return broken("a request without a method, or whose URL is neither absolute nor begins with '/'");
  }
  SentRequest sent;
  sent.method = view(request.method);
  sent.url = url;
  sent.body = view(request.body);
  sent.repeatable = (request.flags & DVT_HTTP_REPEATABLE) != 0;
  for (std::uint64_t i = 0; i < request.header_count; ++i) {
    sent.headers.emplace_back(view(request.headers[i].name), view(request.headers[i].value));
  }
  ++page_.requests;
  Reply reply = host_.http_.answer(std::move(sent));
  if (reply.error) {
    return failed(*reply.error);
  }
  auto response = std::make_unique<Response>();
  response->status = reply.status;
  response->headers = std::move(reply.headers);
  response->url = std::move(reply.url);
  if (response->url.empty()) {
    response->url = host_.http_.requests().back().url;
  }
  response->body = std::move(reply.body);
  *out = static_cast<dvt_http_response*>(static_cast<void*>(response.get()));
  responses_.push_back(std::move(response));
  return DVT_OK;
}

dvt_code FakeCall::make_document(std::string_view text, dvt_json_document** out) {
  *out = nullptr;
  if (documents_.size() == max_handles) {
    return broken("more than 1024 JSON documents in one call");
  }
  auto tree = JsonTree::parse(text);
  if (!tree.ok()) {
    return failed(tree.error());
  }
  documents_.push_back(std::make_unique<Document>(Document{std::move(*tree), false}));
  *out = static_cast<dvt_json_document*>(static_cast<void*>(documents_.back().get()));
  return DVT_OK;
}

dvt_code FakeCall::for_each(const Document& document, std::string_view container,
                            const std::vector<std::string>& pointers, dvt_json_visit visit, void* context) {
  const auto tree = document.tree;
  const JsonNode* node = tree->root().find(container);
  if (node == nullptr) {
    return failed(sdk::make_error(sdk::Code::not_found, "nothing stands at \"" + std::string(container) + "\""));
  }
  if (node->kind != Kind::array && node->kind != Kind::object) {
    return failed(sdk::make_error(sdk::Code::invalid_argument,
                                  "no array or object stands at \"" + std::string(container) + "\""));
  }
  std::vector<dvt_json_value> values(pointers.size());
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    for (std::size_t p = 0; p < pointers.size(); ++p) {
      values[p] = to_raw(node->items[i].find(pointers[p]));
    }
    const auto key = node->kind == Kind::object ? std::string_view(node->names[i]) : std::string_view();
    if (visit(context, i, slice(key), values.data(), values.size()) != 0) {
      break;
    }
  }
  return DVT_OK;
}

dvt_code FakeCall::take_records(const dvt_records& records) {
  constexpr std::size_t max_calls = 256;
  if (finished_) {
    return broken("records() after finish()");
  }
  if (page_.records.size() == max_calls) {
    return broken("records() more than 256 times in a page");
  }
  const auto* response = records.response == nullptr ? nullptr : find(records.response);
  if ((records.response != nullptr) == (records.bytes.size != 0) ||
      (records.response != nullptr && response == nullptr)) {
    return broken("records() needs either a response of this call or bytes");
  }
  if (records.flags != 0 || records.page_key.size > max_key_bytes) {
    return broken("records() with an unknown flag or a page_key above 1024 bytes");
  }
  if (auto problem = problem_of_constants(view(records.constants)); !problem.empty()) {
    return broken("records(): " + problem);
  }
  const auto tree = JsonTree::parse(response != nullptr ? std::string_view(response->body) : view(records.bytes));
  if (!tree.ok()) {
    return failed(tree.error().in("the records"));
  }
  const JsonNode* node = (*tree)->root().find(view(records.pointer));
  if (node == nullptr || (node->kind != Kind::array && node->kind != Kind::object)) {
    return failed(sdk::make_error(sdk::Code::invalid_argument,
                                  "no records stand at \"" + std::string(view(records.pointer)) + "\""));
  }
  RecordedRecords recorded;
  if (node->kind == Kind::array) {
    for (const auto& item : node->items) {
      recorded.records.emplace_back(item.raw);
    }
  } else {
    recorded.records.emplace_back(node->raw);
  }
  recorded.url = response != nullptr ? response->url : std::string();
  recorded.pointer = view(records.pointer);
  recorded.constants = view(records.constants);
  recorded.page_key = view(records.page_key);
  page_.records.push_back(std::move(recorded));
  return DVT_OK;
}

dvt_code FakeCall::take_end(const dvt_page_end& end) {
  if (finished_) {
    return broken("finish() twice");
  }
  if (end.exhausted > 1 || (end.exhausted == 1) != (end.next_cursor.size == 0)) {
    return broken("finish() needs a cursor exactly when the source is not exhausted");
  }
  if (end.next_cursor.size > max_cursor_bytes) {
    return broken("finish() with a cursor above 16 KiB");
  }
  if (end.next_cursor.size != 0 && !JsonTree::parse(view(end.next_cursor)).ok()) {
    return broken("finish() with a cursor that is no JSON");
  }
  finished_ = true;
  page_.exhausted = end.exhausted == 1;
  page_.next_cursor = view(end.next_cursor);
  if (end.high_water_us != DVT_NO_TIME) {
    page_.high_water = sdk::Timestamp(std::chrono::microseconds(end.high_water_us));
  }
  return DVT_OK;
}

const dvt_http FakeCall::http_table = {
    sizeof(dvt_http),
    0,
    [](const dvt_call* call, const dvt_http_request* request, dvt_http_response** out) noexcept -> dvt_code {
      return of(call).send(*request, out);
    },
    [](const dvt_call* call, const dvt_http_response* handle) noexcept -> std::int32_t {
      const auto* response = of(call).find(handle);
      return response == nullptr ? 0 : response->status;
    },
    [](const dvt_call* call, const dvt_http_response* handle, dvt_slice name,
       dvt_slice* value) noexcept -> std::int32_t {
      if (const auto* response = of(call).find(handle); response != nullptr) {
        for (const auto& [key, content] : response->headers) {
          if (sdk::detail::equals_ignoring_case(key, view(name))) {
            *value = slice(content);
            return 1;
          }
        }
      }
      *value = {};
      return 0;
    },
    [](const dvt_call* call, const dvt_http_response* handle) noexcept -> dvt_slice {
      const auto* response = of(call).find(handle);
      return response == nullptr ? dvt_slice{} : slice(response->url);
    },
    [](const dvt_call* call, const dvt_http_response* handle, dvt_slice* out) noexcept -> dvt_code {
      const auto* response = of(call).find(handle);
      *out = response == nullptr ? dvt_slice{} : slice(response->body);
      return response == nullptr ? of(call).broken("body() of a response that this call does not hold") : DVT_OK;
    },
    [](const dvt_call* call, dvt_http_response* handle) noexcept {
      if (handle == nullptr) {
        return;
      }
      if (auto* response = of(call).find(handle); response != nullptr) {
        response->released = true;
      } else {
        static_cast<void>(of(call).broken("release() of a response that this call does not hold"));
      }
    }};

const dvt_json FakeCall::json_table = {
    sizeof(dvt_json),
    0,
    [](const dvt_call* call, dvt_slice bytes, dvt_json_document** out) noexcept -> dvt_code {
      return of(call).make_document(view(bytes), out);
    },
    [](const dvt_call* call, const dvt_http_response* handle, dvt_json_document** out) noexcept -> dvt_code {
      const auto* response = of(call).find(handle);
      *out = nullptr;
      return response == nullptr ? of(call).broken("of_response() of a response that this call does not hold")
                                 : of(call).make_document(response->body, out);
    },
    [](const dvt_call* call, const dvt_json_document* handle, dvt_slice pointer,
       dvt_json_value* out) noexcept -> dvt_code {
      const auto* document = of(call).find(handle);
      *out = {};
      if (document == nullptr) {
        return of(call).broken("at() of a document that this call does not hold");
      }
      if (malformed(view(pointer))) {
        return of(call).failed(
            sdk::make_error(sdk::Code::invalid_argument, "not a JSON pointer: " + std::string(view(pointer))));
      }
      *out = to_raw(document->tree->root().find(view(pointer)));
      return DVT_OK;
    },
    [](const dvt_call* call, const dvt_json_document* handle, dvt_slice container, const dvt_slice* pointers,
       std::uint64_t count, dvt_json_visit visit, void* context) noexcept -> dvt_code {
      const auto* document = of(call).find(handle);
      if (document == nullptr || count > max_pointers) {
        return of(call).broken("for_each() of a document that this call does not hold, or with more than 64 pointers");
      }
      std::vector<std::string> texts;
      for (std::uint64_t i = 0; i < count; ++i) {
        texts.emplace_back(view(pointers[i]));
      }
      if (malformed(view(container)) || std::any_of(texts.begin(), texts.end(), malformed)) {
        return of(call).failed(sdk::make_error(sdk::Code::invalid_argument, "not a JSON pointer"));
      }
      return of(call).for_each(*document, view(container), texts, visit, context);
    },
    [](const dvt_call* call, dvt_json_document* handle) noexcept {
      if (handle == nullptr) {
        return;
      }
      if (auto* document = of(call).find(handle); document != nullptr) {
        document->released = true;
      } else {
        static_cast<void>(of(call).broken("release() of a document that this call does not hold"));
      }
    }};

const dvt_log FakeCall::log_table = {
    sizeof(dvt_log), 0, [](const dvt_call* call, std::int32_t level, dvt_slice message) noexcept {
      of(call).page_.logs.push_back({static_cast<sdk::LogLevel>(level), std::string(view(message))});
    }};

const dvt_clock FakeCall::clock_table = {sizeof(dvt_clock), 0, [](const dvt_call* call) noexcept -> std::int64_t {
                                           return of(call).host_.now_.time_since_epoch().count();
                                         }};

const dvt_state FakeCall::state_table = {
    sizeof(dvt_state), 0, [](const dvt_call* call, dvt_slice key, dvt_slice* value) noexcept -> dvt_code {
      auto& self = of(call);
      *value = {};
      if (const auto found = self.host_.state_.find(view(key)); !self.fresh_ && found != self.host_.state_.end()) {
        *value = slice(found->second);
      }
      return DVT_OK;
    }};

namespace {

/// The table as a host of that minor number has it: longer, if that is a later one.
template <typename Table> const void* table_for(std::uint16_t minor, const Table& table) {
  static const Grown<Table> later = [&] {
    Grown<Table> grown;
    grown.base = table;
    grown.base.struct_size = sizeof grown;
    return grown;
  }();
  return minor > DVT_ABI_MINOR ? static_cast<const void*>(&later) : &table;
}

} // namespace

const void* FakeCall::capability(const dvt_host* host, dvt_slice id) noexcept {
  const auto minor = static_cast<const FakeHost*>(host->host)->minor_;
  const auto name = view(id);
  if (name == DVT_HTTP_ID) {
    return table_for(minor, http_table);
  }
  if (name == DVT_JSON_ID) {
    return table_for(minor, json_table);
  }
  if (name == DVT_LOG_ID) {
    return table_for(minor, log_table);
  }
  if (name == DVT_CLOCK_ID) {
    return table_for(minor, clock_table);
  }
  return name == DVT_STATE_ID ? table_for(minor, state_table) : nullptr;
}

} // namespace dovetail::testing
