// SPDX-License-Identifier: Apache-2.0
// What the fake host takes from discover and invoke, held to the rules of discovery.h and action.h.
#include <algorithm>
#include <array>
#include <utility>

#include "fake_call.hpp"

namespace dovetail::testing {

using sdk::detail::slice;
using sdk::detail::view;
using Kind = sdk::JsonValue::Kind;

namespace {

constexpr std::size_t max_fields = 10'000;
constexpr std::size_t max_name_bytes = 256;
constexpr std::size_t max_source_bytes = 4096;
constexpr std::size_t max_label_bytes = 1024;
constexpr std::size_t max_options = 1000;
constexpr std::size_t max_options_bytes = std::size_t{64} << 10U;
constexpr std::size_t max_output_bytes = std::size_t{64} << 10U;
constexpr std::array<std::string_view, 7> types = {"text", "integer", "real", "boolean", "timestamp", "date", "json"};

[[nodiscard]] bool is_object(std::string_view text) {
  const auto tree = JsonTree::parse(text);
  return tree.ok() && (*tree)->root().kind == Kind::object;
}

[[nodiscard]] bool is_option(const JsonNode& node) {
  const auto* value = node.kind == Kind::object ? node.find("/value") : nullptr;
  const auto* label = node.kind == Kind::object ? node.find("/label") : nullptr;
  return value != nullptr && value->kind != Kind::array && value->kind != Kind::object &&
         (label == nullptr || label->kind == Kind::string);
}

[[nodiscard]] bool are_options(std::string_view text) {
  if (text.empty()) {
    return true;
  }
  const auto tree = JsonTree::parse(text);
  return text.size() <= max_options_bytes && tree.ok() && (*tree)->root().kind == Kind::array &&
         (*tree)->root().items.size() <= max_options &&
         std::all_of((*tree)->root().items.begin(), (*tree)->root().items.end(), is_option);
}

/// What is wrong with a field; empty when nothing is.
[[nodiscard]] std::string problem_of(const dvt_field& field) {
  const auto source = view(field.source);
  if (field.key.size == 0 || field.key.size > max_name_bytes || field.scope.size > max_name_bytes ||
      field.provider_type.size > max_name_bytes || field.label.size > max_label_bytes) {
    return "a key of 1 to 256 bytes, a scope and a provider_type of at most 256, a label of at most 1024";
  }
  if (source.size() > max_source_bytes || (source.substr(0, 1) != "/" && !is_object(source))) {
    return "a source that is a JSON pointer or a JSON object";
  }
  if (std::find(types.begin(), types.end(), view(field.type)) == types.end()) {
    return "a type that there is, not \"" + std::string(view(field.type)) + "\"";
  }
  if (!are_options(view(field.options))) {
    return "options that are a JSON array of at most 1000 {\"value\": scalar, \"label\": text}";
  }
  constexpr std::uint32_t known = DVT_FIELD_NULLABLE | DVT_FIELD_IDENTIFIER | DVT_FIELD_READ_ONLY;
  return (field.flags & ~known) != 0 ? "flags that there are" : "";
}

} // namespace

void FakeCall::prepare_account_sinks() {
  field_sink_.base.struct_size = Grown<dvt_field_sink>::size(host_.minor_);
  field_sink_.base.host = this;
  field_sink_.base.field = [](const dvt_call* call, const dvt_field_sink*,
                              const dvt_field* field) noexcept -> dvt_code { return of(call).take_field(*field); };
  action_sink_.base.struct_size = Grown<dvt_action_sink>::size(host_.minor_);
  action_sink_.base.host = this;
  action_sink_.base.output = [](const dvt_call* call, const dvt_action_sink*, dvt_slice json) noexcept -> dvt_code {
    return of(call).take_output(view(json));
  };
}

dvt_code FakeCall::take_field(const dvt_field& field) {
  if (fields_.size() == max_fields) {
    return broken("field() more than 10,000 times in a call");
  }
  if (const auto problem = problem_of(field); !problem.empty()) {
    return broken("field() needs " + problem);
  }
  RecordedField recorded;
  recorded.key = view(field.key);
  recorded.scope = view(field.scope);
  recorded.source = view(field.source);
  recorded.label = view(field.label);
  recorded.type = view(field.type);
  recorded.provider_type = view(field.provider_type);
  recorded.options = view(field.options);
  recorded.nullable = (field.flags & DVT_FIELD_NULLABLE) != 0;
  recorded.identifier = (field.flags & DVT_FIELD_IDENTIFIER) != 0;
  recorded.read_only = (field.flags & DVT_FIELD_READ_ONLY) != 0;
  if (std::any_of(fields_.begin(), fields_.end(), [&recorded](const RecordedField& known) {
        return known.key == recorded.key && known.scope == recorded.scope;
      })) {
    return broken("field() twice for the key \"" + recorded.key + "\" of one scope");
  }
  fields_.push_back(std::move(recorded));
  return DVT_OK;
}

dvt_code FakeCall::take_output(std::string_view json) {
  if (output_) {
    return broken("output() twice");
  }
  if (json.size() > max_output_bytes || !is_object(json)) {
    return broken("output() needs a JSON object of at most 64 KiB");
  }
  output_ = json;
  return DVT_OK;
}

Discovered FakeHost::discover(std::string_view object) {
  Discovered found;
  if (instance_ == nullptr || discovery_ == nullptr || !DVT_HAS(discovery_, dvt_discovery, discover)) {
    found.status = sdk::make_error(sdk::Code::failed_precondition,
                                   "call create() first, of a plugin that offers " DVT_DISCOVERY_ID);
    return found;
  }
  Grown<dvt_discover_request> grown;
  auto& raw = grown.base;
  raw.struct_size = Grown<dvt_discover_request>::size(minor_);
  raw.object = slice(object);
  FakeCall call(*this);
  call.fresh();
  const dvt_code code = discovery_->discover(instance_, call.raw(), &raw, call.field_sink());
  call.close();
  found.status = call.outcome(code);
  found.logs = call.page().logs;
  found.requests = call.page().requests;
  found.leaked_handles = call.page().leaked_handles;
  if (found.status.ok()) {
    found.fields = std::move(call.fields());
  }
  return found;
}

Invoked FakeHost::invoke(const ActionCall& action) {
  Invoked done;
  if (instance_ == nullptr || action_ == nullptr || !DVT_HAS(action_, dvt_action, invoke)) {
    done.status =
        sdk::make_error(sdk::Code::failed_precondition, "call create() first, of a plugin that offers " DVT_ACTION_ID);
    return done;
  }
  Grown<dvt_action_request> grown;
  auto& raw = grown.base;
  raw.struct_size = Grown<dvt_action_request>::size(minor_);
  raw.flags = action.repeated ? std::uint32_t{DVT_ACTION_REPEATED} : 0U;
  raw.action = slice(action.action);
  raw.input = slice(action.input);
  raw.idempotency_key = slice(action.idempotency_key);
  FakeCall call(*this);
  call.fresh();
  const dvt_code code = action_->invoke(instance_, call.raw(), &raw, call.action_sink());
  call.close();
  done.status = call.outcome(code);
  done.logs = call.page().logs;
  done.requests = call.page().requests;
  done.leaked_handles = call.page().leaked_handles;
  if (done.status.ok() && !call.output()) {
    done.status =
        sdk::make_error(sdk::Code::internal, "the plugin broke a rule of the ABI: invoke succeeded without output()");
  }
  if (done.status.ok()) {
    done.output = std::move(*call.output());
  }
  return done;
}

} // namespace dovetail::testing
