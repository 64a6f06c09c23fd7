// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <fmt/format.h>

#include "core/json/writer.hpp"
#include "core/mapping/differential.hpp"

namespace dovetail::mapping {
namespace {

constexpr int max_depth = 5;

} // namespace

std::uint64_t PageMaker::next() { // splitmix64
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31U);
}

std::string PageMaker::page() {
  out_.clear();
  spacious_ = chance(20);
  space();
  const std::uint64_t wrapping = below(6);
  pointer_ = differential_pointer(chance(5) ? below(4) : (wrapping < 2 ? wrapping + 2 : 0));
  if (wrapping == 0) {
    out_ += R"({"x":[1],"data":)";
  } else if (wrapping == 1) {
    out_ += R"({"data":[{"items":0},{"a":{},"items":)";
  }
  if (chance(10)) {
    object(0, true);
  } else {
    out_ += '[';
    for (std::uint64_t i = below(6); i > 0; --i) {
      space();
      if (chance(85)) {
        object(0, true);
      } else {
        value(1);
      }
      space();
      out_ += i > 1 ? "," : "";
    }
    out_ += ']';
  }
  if (wrapping == 0) {
    out_ += R"(,"y":"}"})";
  } else if (wrapping == 1) {
    out_ += R"(,"b":1},[]],"z":{"q":[]}})";
  }
  space();
  if (chance(50)) {
    mutate();
  }
  return out_;
}

void PageMaker::space() {
  if (spacious_ && chance(50)) {
    constexpr std::array<std::string_view, 5> spaces{" ", "\n", "\t", "\r\n  ",
                                                     "                                        "};
    out_ += spaces.at(below(spaces.size()));
  }
}

void PageMaker::name() {
  constexpr std::array<std::string_view, 22> names{"id",         "name",
                                                   "n",          "flag",
                                                   "at",         "tags",
                                                   "state",      "user",
                                                   "cols",       "text",
                                                   "value",      "items",
                                                   "data",       "",
                                                   "a/b",        "\\u0069d",
                                                   "na\\u006de", "\\/",
                                                   "0",          "1",
                                                   "url",        "a_rather_long_name_that_nobody_asks_for_at_all"};
  out_ += '"';
  out_ += names.at(below(names.size()));
  out_ += '"';
}

void PageMaker::string() {
  constexpr std::array<std::string_view, 24> pieces{
      "a",          "b",
      "x",          "1",
      "open",       "closed",
      " ",          "2026-01-05T09:00:00Z",
      "1970-01-01", "\\n",
      "\\\"",       "\\\\",
      "é",          "\\u00e9",
      "😀",         "\\ud83d\\ude00",
      "\\u0000",    "\\/",
      "{",          "]",
      ",",          "https://api.example.com/users/somebody/followers{/other}",
      "\\\\\\\"",   "12"};
  out_ += '"';
  for (std::uint64_t i = chance(60) ? 1 : below(6); i > 0; --i) {
    out_ += pieces.at(below(pieces.size()));
  }
  out_ += '"';
}

void PageMaker::text(bool document, int depth) {
  if (!document || depth >= max_depth) {
    string();
    return;
  }
  PageMaker inner(next());
  inner.object(depth + 2, true);
  if (chance(20)) {
    inner.mutate();
  }
  out_ += json::quoted(inner.out_);
}

void PageMaker::number() {
  constexpr std::array<std::string_view, 16> numbers{"0",
                                                     "1",
                                                     "7",
                                                     "-1",
                                                     "12.5",
                                                     "1e3",
                                                     "1E-2",
                                                     "-0.0",
                                                     "9223372036854775807",
                                                     "-9223372036854775809",
                                                     "18446744073709551616",
                                                     "0.1",
                                                     "1.0",
                                                     "1767574800",
                                                     "1e308",
                                                     "123456789012345678901234567890.123456789"};
  out_ += numbers.at(below(numbers.size()));
}

void PageMaker::value(int depth) {
  switch (below(depth < max_depth ? 10 : 7)) {
  case 0:
    out_ += "null";
    break;
  case 1:
    out_ += chance(50) ? "true" : "false";
    break;
  case 2:
  case 3:
    number();
    break;
  case 4:
  case 5:
    string();
    break;
  case 6:
    text(chance(50), depth);
    break;
  case 7:
    object(depth + 1, false);
    break;
  default:
    array(depth + 1);
    break;
  }
}

void PageMaker::object(int depth, bool record) {
  out_ += '{';
  std::uint64_t members = below(7);
  bool first = true;
  const auto begin_member = [&](std::string_view key) {
    out_ += first ? "" : ",";
    first = false;
    space();
    if (key.empty()) {
      name();
    } else {
      out_ += fmt::format("\"{}\"", key);
    }
    space();
    out_ += ':';
    space();
  };
  if (record && chance(85)) {
    begin_member("id");
    chance(50) ? number() : string();
  }
  if (record && depth < max_depth && chance(40)) {
    begin_member("cols");
    columns(depth + 1);
  }
  if (chance(25)) {
    begin_member("value");
    text(true, depth);
  }
  if (chance(25)) {
    begin_member("user");
    depth < max_depth ? object(depth + 1, false) : number();
  }
  for (; members > 0; --members) {
    begin_member("");
    value(depth);
    space();
  }
  out_ += '}';
}

void PageMaker::array(int depth) {
  out_ += '[';
  for (std::uint64_t i = below(4); i > 0; --i) {
    space();
    value(depth);
    space();
    out_ += i > 1 ? "," : "";
  }
  out_ += ']';
}

/// What finds search.
void PageMaker::columns(int depth) {
  constexpr std::array<std::string_view, 4> ids{R"("a")", R"("b")", R"("c")", R"("\u0061")"};
  out_ += '[';
  for (std::uint64_t i = below(5); i > 0; --i) {
    space();
    if (chance(10)) {
      value(depth);
    } else {
      std::string id = fmt::format("\"id\":{}", ids.at(below(ids.size())));
      const bool id_last = chance(30);
      out_ += "{" + (id_last ? std::string() : id + ",");
      out_ += "\"text\":";
      value(max_depth);
      out_ += ",\"name\":";
      value(max_depth);
      out_ += ",\"value\":";
      text(chance(70), depth);
      out_ += ",\"n\":";
      value(depth);
      out_ += (id_last ? "," + id : std::string()) + "}";
    }
    out_ += i > 1 ? "," : "";
  }
  out_ += ']';
}

void PageMaker::mutate() {
  constexpr std::string_view letters = "{}[]\",:\\ 019.-eEtfnu\n\x01\x1f\x7f\xc3\xa9\xed\xff";
  for (std::uint64_t i = 1 + below(3); i > 0 && !out_.empty(); --i) {
    const std::size_t at = below(out_.size());
    switch (below(8)) {
    case 0:
      out_.resize(at);
      break;
    case 1:
      out_[at] = static_cast<char>(below(256));
      break;
    case 2:
      out_[at] = letters[below(letters.size())];
      break;
    case 3:
      out_.insert(at, 1, letters[below(letters.size())]);
      break;
    case 4:
      out_.erase(at, 1 + below(4));
      break;
    case 5:
      out_.insert(at, out_.substr(below(out_.size()), below(40)));
      break;
    case 6: {
      constexpr std::array<std::string_view, 8> pieces{"\\ud800", "\\udc00", "\\u12",        "tru",
                                                       "01",      "1e400",   "\xed\xa0\x80", "\xf4\x90\x80\x80"};
      out_.insert(at, pieces.at(below(pieces.size())));
      break;
    }
    default: {
      const std::size_t levels = 120 + below(16);
      out_.insert(at, std::string(levels, '[') + std::string(levels - below(2), ']'));
    }
    }
  }
}

} // namespace dovetail::mapping
