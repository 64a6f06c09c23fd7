// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/page_writer.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/base/limits.hpp"
#include "core/json/check.hpp"
#include "core/json/pointer.hpp"
#include "core/json/scan.hpp"
#include "core/plugin/owned_body.hpp"
#include "core/plugin/slice.hpp"

namespace dovetail::plugin {

namespace {

constexpr std::int64_t first_us = -62'135'596'800'000'000; // 0001-01-01
constexpr std::int64_t last_us = 253'402'300'799'999'999;  // 9999-12-31

/// Reads one constant; false, with the reason, for what is no scalar.
Result<PageConstant> read_constant(std::string_view name, const json::Found& found) {
  PageConstant constant;
  constant.name = name;
  constant.kind = found.kind;
  switch (found.kind) {
  case json::Kind::string: {
    std::string scratch;
    DOVETAIL_TRY(constant.text, json::unescape(found.raw, scratch));
    return constant;
  }
  case json::Kind::boolean:
  case json::Kind::integer:
  case json::Kind::real:
    constant.text = found.raw;
    return constant;
  case json::Kind::null:
    return constant;
  case json::Kind::missing:
  case json::Kind::array:
  case json::Kind::object:
    break;
  }
  return invalid_argument(fmt::format("the constant \"{}\" is no scalar", clean_text(name, 80)));
}

} // namespace

Result<std::vector<PageConstant>> read_constants(std::string_view json) {
  std::vector<PageConstant> constants;
  if (json.empty()) {
    return constants;
  }
  if (json.size() > CallLimits::constants_bytes) {
    return invalid_argument(
        fmt::format("constants of {} bytes; {} are allowed", json.size(), CallLimits::constants_bytes));
  }
  DOVETAIL_TRY_STATUS(json::check(json));
  const std::string_view value = "";
  DOVETAIL_TRY(const auto set, json::PointerSet::compile(std::span(&value, 1)));
  Status problem;
  const auto scanned = json::for_each_member(json, "", set, [&](auto name, auto, auto values) {
    if (constants.size() == CallLimits::constants) {
      problem = invalid_argument(fmt::format("more than {} constants", CallLimits::constants));
      return false;
    }
    auto constant = read_constant(name, values[0]);
    if (!constant.ok()) {
      problem = std::move(constant).error();
      return false;
    }
    constants.push_back(std::move(*constant));
    return true;
  });
  DOVETAIL_TRY_STATUS(scanned);
  DOVETAIL_TRY_STATUS(problem);
  return constants;
}

template <typename Work>
dvt_code PageWriter::serve_sink(const dvt_call* call, const dvt_page_sink* sink, const char* function,
                                Work&& work) noexcept {
  return serve(call, [&](HostCall& frame) -> Status {
    if (frame.page == nullptr || sink != &frame.page->sink_) {
      return frame.misuse(fmt::format("sink.{} with a sink that is not this call's", function));
    }
    if (frame.page->finished_) {
      return frame.misuse(fmt::format("sink.{} after sink.finish", function));
    }
    return work(*frame.page);
  });
}

PageWriter::PageWriter(HostCall& frame, PageSink& sink, std::string_view cursor)
    : frame_(frame), target_(sink), cursor_(cursor) {
  sink_.struct_size = sizeof sink_;
  sink_.host = this;
  sink_.records = [](const dvt_call* call, const dvt_page_sink* self, const dvt_records* records) noexcept -> dvt_code {
    return serve_sink(call, self, "records", [&](PageWriter& page) { return page.records(records); });
  };
  sink_.unchanged = [](const dvt_call* call, const dvt_page_sink* self, dvt_slice key) noexcept -> dvt_code {
    return serve_sink(call, self, "unchanged", [&](PageWriter& page) { return page.unchanged(to_view(key)); });
  };
  sink_.set_state = [](const dvt_call* call, const dvt_page_sink* self, dvt_slice key,
                       dvt_slice value) noexcept -> dvt_code {
    return serve_sink(call, self, "set_state",
                      [&](PageWriter& page) { return page.set_state(to_view(key), to_view(value)); });
  };
  sink_.finish = [](const dvt_call* call, const dvt_page_sink* self, const dvt_page_end* end) noexcept -> dvt_code {
    return serve_sink(call, self, "finish", [&](PageWriter& page) { return page.finish(end); });
  };
  frame_.page = this;
}

Status PageWriter::outcome(Status of_call, std::string_view plugin) {
  if (engine_error_) {
    return std::move(*engine_error_);
  }
  if (of_call.ok() && !finished_) {
    return internal(fmt::format(
        "The plugin {} broke a rule of the plugin ABI: read_page succeeded without sink.finish. Report it to the "
        "plugin's author, or install another version",
        plugin));
  }
  return of_call;
}

Status PageWriter::engine(Status status) {
  if (!status.ok() && !engine_error_) {
    engine_error_ = status.error();
  }
  return status;
}

Result<PageRecords> PageWriter::checked(const dvt_records& records) {
  if (records.flags != 0) {
    return invalid_argument(
        fmt::format("flags {:#x} that this Dovetail does not know: upgrade Dovetail", records.flags));
  }
  if ((records.response != nullptr) == (records.bytes.size != 0)) {
    return invalid_argument("it needs either a response or bytes");
  }
  if (records.page_key.size > CallLimits::key_bytes || records.bytes.size > limits::max_page_bytes) {
    return invalid_argument(fmt::format("a page_key of {} bytes, of at most {}, or bytes of {}, of at most {}",
                                        records.page_key.size, CallLimits::key_bytes, records.bytes.size,
                                        limits::max_page_bytes));
  }
  PageRecords result;
  result.pointer = to_view(records.pointer);
  DOVETAIL_TRY(const auto steps, json::split_pointer(result.pointer));
  DOVETAIL_TRY(result.constants, read_constants(to_view(records.constants)));
  result.page_key = to_view(records.page_key);
  if (records.response != nullptr) {
    auto* response = frame_.find(records.response);
    if (response == nullptr) {
      return invalid_argument("a response that this call does not hold");
    }
    response->given = true;
    result.body = response->answer;
  } else {
    DOVETAIL_TRY_STATUS(frame_.reserve(static_cast<std::size_t>(records.bytes.size)));
    result.body = std::make_shared<OwnedBody>(to_view(records.bytes));
  }
  return result;
}

Status PageWriter::records(const dvt_records* records) {
  if (records == nullptr || !DVT_HAS(records, dvt_records, page_key)) {
    return frame_.misuse("sink.records with a struct that is NULL or shorter than ABI 1.0 has it");
  }
  if (records_ == CallLimits::records) {
    return frame_.misuse(fmt::format("sink.records more than {} times in one page", CallLimits::records));
  }
  auto result = checked(*records);
  if (!result.ok()) {
    return result.error().code == ErrorCode::resource_exhausted
               ? std::move(result).error()
               : frame_.misuse("sink.records: " + result.error().message);
  }
  ++records_;
  return engine(target_.records(std::move(*result)));
}

Status PageWriter::unchanged(std::string_view page_key) {
  if (page_key.empty() || page_key.size() > CallLimits::key_bytes) {
    return frame_.misuse(
        fmt::format("sink.unchanged with a page_key of {} bytes, not 1 to {}", page_key.size(), CallLimits::key_bytes));
  }
  if (records_ == CallLimits::records) {
    return frame_.misuse(
        fmt::format("sink.records and sink.unchanged more than {} times in one page", CallLimits::records));
  }
  auto known = target_.unchanged(page_key);
  if (!known.ok()) {
    return engine(std::move(known).error());
  }
  if (!*known) {
    return not_found("no records are known under this page_key: read them");
  }
  ++records_;
  return {};
}

Status PageWriter::set_state(std::string_view key, std::string_view value) {
  if (key.empty() || key.size() > CallLimits::key_bytes || value.size() > limits::max_page_state_bytes) {
    return frame_.misuse(
        fmt::format("sink.set_state with a key of {} bytes, not 1 to {}, or a value of {}, of at most {}", key.size(),
                    CallLimits::key_bytes, value.size(), limits::max_page_state_bytes));
  }
  if (++states_ > CallLimits::states) {
    return frame_.misuse(fmt::format("sink.set_state more than {} times in one page", CallLimits::states));
  }
  return engine(target_.set_state(key, value));
}

Status PageWriter::finish(const dvt_page_end* end) {
  if (end == nullptr || !DVT_HAS(end, dvt_page_end, high_water_us) || end->exhausted > 1) {
    return frame_.misuse(
        "sink.finish with a struct that is NULL, shorter than ABI 1.0 has it, or whose `exhausted` is neither 0 nor 1");
  }
  const auto cursor = to_view(end->next_cursor);
  if ((end->exhausted == 1) != cursor.empty()) {
    return frame_.misuse(end->exhausted == 1 ? "sink.finish with a cursor although the source is exhausted"
                                             : "sink.finish without a cursor although the source is not exhausted");
  }
  if (cursor.size() > limits::max_cursor_bytes) {
    return frame_.misuse(
        fmt::format("sink.finish with a cursor of {} bytes, of at most {}", cursor.size(), limits::max_cursor_bytes));
  }
  if (!cursor.empty() && !json::check(cursor).ok()) {
    return frame_.misuse("sink.finish with a cursor that is no JSON");
  }
  if (!cursor.empty() && cursor == cursor_) {
    return frame_.misuse("sink.finish with the cursor that this page was read with, so that the read would never end");
  }
  const bool has_mark = end->high_water_us != DVT_NO_TIME;
  if (has_mark && (end->high_water_us < first_us || end->high_water_us > last_us)) {
    return frame_.misuse("sink.finish with a high-water mark outside the years 1 to 9999");
  }
  finished_ = true;
  PageEnd result;
  result.exhausted = end->exhausted == 1;
  result.next_cursor = cursor;
  if (has_mark) {
    result.high_water = Timestamp(std::chrono::microseconds(end->high_water_us));
  }
  return engine(target_.finish(result));
}

} // namespace dovetail::plugin
