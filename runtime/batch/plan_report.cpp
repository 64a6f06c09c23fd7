// SPDX-License-Identifier: Apache-2.0
#include "runtime/batch/plan.hpp"

namespace dovetail::batch {
namespace {

void write_secret(json::Writer& writer, std::string_view name, std::string_view source, std::string_view place) {
  writer.begin_object().member("name", name).member("source", source);
  writer.key("at");
  place.empty() ? writer.null() : writer.string(place);
  writer.end_object();
}

void write_secrets(json::Writer& writer, const Plan& plan) {
  writer.key("secrets").begin_array();
  for (const PlannedSecret& secret : plan.secrets) {
    const bool in_file = !secret.pointer.empty();
    write_secret(writer, secret.name, in_file ? "file" : "environment", in_file ? secret.pointer : secret.variable);
  }
  for (const MissingSecret& missing : plan.missing) {
    write_secret(writer, missing.name, "missing", {});
  }
  writer.end_array();
}

void write_read(json::Writer& writer, const Plan& plan, const manifest::Object& object) {
  writer.begin_object().member("operation", "read_object").member("object", object.key).member("model", object.model);
  writer.key("columns").begin_object();
  for (const auto& [name, column] : plan.columns) {
    writer.member(name, column);
  }
  writer.end_object();
  // The local fields that are filled, and from where.
  writer.key("fields").begin_object();
  for (const auto [name, source] : object.default_mapping["fields"].members()) {
    writer.member(name, source);
  }
  writer.end_object().end_object();
}

void write_operations(json::Writer& writer, const Plan& plan) {
  writer.key("operations").begin_array();
  writer.begin_object().member("operation", "put_tenant").member("tenant", plan.tenant).end_object();
  writer.begin_object().member("operation", "put_connection").member("tenant", plan.tenant);
  writer.member("connection", plan.connection).end_object();
  for (const PlannedSecret& secret : plan.secrets) {
    writer.begin_object().member("operation", "store_secret").member("name", secret.name).end_object();
  }
  for (const std::string& key : plan.provider->batch->objects) {
    write_read(writer, plan, *plan.provider->find_object(key));
  }
  if (plan.renews_tokens()) {
    writer.begin_object().member("operation", "write_back_renewed_tokens");
    writer.member("encrypted", plan.encrypted).end_object();
  }
  writer.end_array();
}

} // namespace

void write_plan(json::Writer& writer, const Plan& plan) {
  writer.member("encrypted", plan.encrypted);
  writer.key("connection").begin_object();
  writer.member("tenant", plan.tenant).member("name", plan.connection);
  writer.member("environment", plan.resolved.environment).member("base_url", plan.resolved.base_url);
  writer.member("auth", plan.resolved.auth->key).end_object();
  writer.member("settings", plan.resolved.config.root());
  write_secrets(writer, plan);
  writer.key("ignored_members").begin_array();
  for (const std::string& name : plan.ignored) {
    writer.string(name);
  }
  writer.end_array();
  write_operations(writer, plan);
}

} // namespace dovetail::batch
