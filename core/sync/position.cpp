// SPDX-License-Identifier: Apache-2.0
#include "core/sync/position.hpp"

#include "core/json/document.hpp"
#include "core/json/writer.hpp"

namespace dovetail::sync {
namespace {

constexpr std::int64_t format_version = 1;

std::int64_t micros(Timestamp time) { return time.time_since_epoch().count(); }

Timestamp from_micros(std::int64_t value) { return Timestamp(std::chrono::microseconds(value)); }

} // namespace

std::string Position::to_json() const {
  json::Writer writer;
  writer.begin_object();
  writer.member("version", format_version);
  writer.member("full", full);
  writer.member("fresh", fresh);
  writer.member("pass_id", pass_id);
  // 64 unsigned bits do not fit a JSON integer as everybody reads it.
  writer.member("mapping_signature", std::to_string(mapping_signature));
  writer.member("started_at_us", micros(started_at));
  writer.member("source", std::to_string(source));
  writer.member("unidentified", unidentified);
  writer.member("cursor", cursor);
  writer.key("parents").begin_array();
  for (const auto& parent : parents) {
    writer.begin_array().value(parent.external_id).value(parent.version).end_array();
  }
  writer.end_array();
  writer.member("last_parent", last_parent);
  writer.member("done", done);
  if (high_water) {
    writer.member("high_water_us", micros(*high_water));
  }
  writer.end_object();
  return std::move(writer).take();
}

Result<Position> Position::from_json(std::string_view text) {
  const auto damaged = [](const Error& cause) {
    return data_loss("The stored position of a read is damaged (" + cause.message +
                     "). Sync the object with --full to begin anew.");
  };
  auto document = json::Document::parse(text);
  if (!document.ok()) {
    return damaged(document.error());
  }
  const json::Value root = document->root();
  const auto version = root.get_int64("/version");
  const auto pass_id = root.get_int64("/pass_id");
  const auto signature = root.get_string("/mapping_signature");
  const auto started = root.get_int64("/started_at_us");
  const auto cursor = root.get_string("/cursor");
  for (const auto* problem : {version.ok() ? nullptr : &version.error(), pass_id.ok() ? nullptr : &pass_id.error(),
                              signature.ok() ? nullptr : &signature.error(), started.ok() ? nullptr : &started.error(),
                              cursor.ok() ? nullptr : &cursor.error()}) {
    if (problem != nullptr) {
      return damaged(*problem);
    }
  }
  if (*version != format_version) {
    return damaged(invalid_argument("its format is version " + std::to_string(*version)));
  }
  Position position;
  position.full = root.bool_or("/full", false);
  position.fresh = root.bool_or("/fresh", false);
  position.pass_id = *pass_id;
  position.mapping_signature = std::strtoull(std::string(*signature).c_str(), nullptr, 10);
  position.started_at = from_micros(*started);
  position.source = std::strtoull(std::string(root.string_or("/source", "0")).c_str(), nullptr, 10);
  position.unidentified = root.bool_or("/unidentified", false);
  position.cursor = *cursor;
  for (const auto parent : root["parents"].elements()) {
    position.parents.push_back(
        {std::string(parent.at("/0").as_string().value_or("")), parent.at("/1").as_int64().value_or(0)});
  }
  position.done = root.bool_or("/done", false);
  position.last_parent = root.string_or("/last_parent", "");
  if (const auto high_water = root["high_water_us"].as_int64()) {
    position.high_water = from_micros(*high_water);
  }
  return position;
}

} // namespace dovetail::sync
