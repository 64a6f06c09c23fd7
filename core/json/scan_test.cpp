// SPDX-License-Identifier: Apache-2.0
#include "core/json/scan.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/limits.hpp"
#include "core/json/check.hpp"
#include "core/json/document.hpp"
#include "core/json/pointer.hpp"
#include "core/json/writer.hpp"

namespace dovetail::json {
namespace {

using testing::HasSubstr;

constexpr std::string_view page =
    R"( {"total": 2, "items" : [ {"id":9007199254740993,"user":null,"tags":["a","b"],"title":"x \"y\" \ud83d\ude00"} ,
         {"title":"]}{[,\\","id":-1.5e3,"user":{"login":"mira","lo\u0067in":"second"},"tags":[]} ], "next":"" } )";

TEST(JsonScan, FindsOneValueWithoutATree) {
  const auto total = find_at(page, "/total");
  ASSERT_TRUE(total.ok());
  EXPECT_EQ(total->kind, Kind::integer);
  EXPECT_EQ(total->integer, 2);
  const auto id = find_at(page, "/items/0/id");
  EXPECT_EQ(id->integer, 9007199254740993);
  EXPECT_EQ(id->raw, "9007199254740993");
  EXPECT_EQ(find_at(page, "/items/1/id")->real, -1500.0);
  EXPECT_EQ(find_at(page, "/items/1/user/login")->raw, "\"mira\"");
  EXPECT_EQ(find_at(page, "/items")->integer, 2);
  EXPECT_EQ(find_at(page, "/items/1/tags")->integer, 0);
  EXPECT_EQ(find_at(page, "/items/0/tags")->raw, R"(["a","b"])");
  EXPECT_EQ(find_at(page, "")->integer, 3);
  EXPECT_EQ(find_at(page, "/items/0/user")->kind, Kind::null);
  for (const auto* absent : {"/items/2", "/items/-", "/total/x", "/items/0/user/login", "/nothing", "/items/x"}) {
    EXPECT_EQ(find_at(page, absent)->kind, Kind::missing) << absent;
  }
  EXPECT_FALSE(find_at(page, "total").ok());
}

TEST(JsonScan, VisitsEachElementOnce) {
  const std::array<std::string_view, 5> wanted{"/id", "/user/login", "/title", "", "/id"};
  const auto pointers = PointerSet::compile(wanted);
  ASSERT_TRUE(pointers.ok());
  std::vector<std::string> seen;
  const auto status = for_each(page, "/items", *pointers, [&](std::size_t index, std::span<const Found> values) {
    std::string scratch;
    seen.push_back(std::to_string(index) + " " + std::string(values[0].raw) + " " +
                   std::string(to_string(values[1].kind)) + " " + std::string(*unescape(values[2].raw, scratch)) + " " +
                   std::to_string(values[3].integer));
    EXPECT_EQ(values[0].raw, values[4].raw);
    return true;
  });
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_THAT(
      seen, testing::ElementsAre("0 9007199254740993 missing x \"y\" \xF0\x9F\x98\x80 4", "1 -1.5e3 string ]}{[,\\ 4"));
}

TEST(JsonScan, StopsWhenTheVisitorHasEnough) {
  const auto pointers = PointerSet::compile({});
  std::size_t visits = 0;
  ASSERT_TRUE(
      for_each("[1,2,3", "", *pointers, [&](std::size_t, std::span<const Found>) { return ++visits < 2; }).ok());
  EXPECT_EQ(visits, 2U);
}

TEST(JsonScan, VisitsEachMemberWithItsName) {
  const std::string_view text = R"({"fields":{"na\u006de":{"type":"char"},"empty":{},"x/y":7,"empty":null}})";
  const std::array<std::string_view, 2> pointers = {"/type", ""};
  const auto set = PointerSet::compile(pointers);
  std::string seen;
  const auto status =
      for_each_member(text, "/fields", *set, [&](std::string_view name, std::size_t index, auto values) {
        seen += std::to_string(index) + std::string(name) + "=" + std::string(values[0].raw) + "," +
                std::string(values[1].raw) + ";";
        return index < 3;
      });
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(seen, R"(0name="char",{"type":"char"};1empty=,{};2x/y=,7;3empty=,null;)");
  EXPECT_EQ(for_each_member(text, "/none", *set, {}).error().code, ErrorCode::not_found);
  EXPECT_THAT(for_each_member("[[1]]", "/0", *set, {}).error().message, HasSubstr("expected an object, found array"));
  EXPECT_TRUE(for_each_member("{}", "", *set, {}).ok());
}

TEST(JsonScan, SaysWhyAnArrayCannotBeVisited) {
  const auto pointers = PointerSet::compile({});
  const auto go_on = [](std::size_t, std::span<const Found>) { return true; };
  EXPECT_EQ(for_each(page, "/none", *pointers, go_on).error().code, ErrorCode::not_found);
  EXPECT_EQ(for_each(page, "/total", *pointers, go_on).error().message,
            "at \"/total\": expected an array, found integer");
  EXPECT_THAT(for_each("[1 2]", "", *pointers, go_on).error().message, HasSubstr("line 1, column 4"));
  const std::array<std::string_view, 1> malformed{"x"};
  EXPECT_FALSE(PointerSet::compile(malformed).ok());
}

TEST(JsonScan, UnescapesAndRefusesHalfSurrogates) {
  std::string scratch;
  EXPECT_EQ(*unescape(R"("plain")", scratch), "plain");
  EXPECT_EQ(*unescape(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\uD83D\uDE00")", scratch),
            "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  for (const auto* broken :
       {R"("\x")", R"("\u12")", R"("\uD800")", R"("\uD800\n12345")", R"("\uDC00")", R"("\uD800\uD800")"}) {
    EXPECT_FALSE(unescape(broken, scratch).ok()) << broken;
  }
}

TEST(JsonScan, NumbersThatNoDoubleHoldsBecomeInfiniteOrZero) {
  const auto real = [](std::string_view text) { return find_at(text, "")->real; };
  EXPECT_EQ(real("1e999"), HUGE_VAL);
  EXPECT_EQ(real("-1e99999999999999999999"), -HUGE_VAL);
  EXPECT_EQ(real("1e-999"), 0.0);
  EXPECT_EQ(real("1e-99999999999999999999"), 0.0);
  EXPECT_EQ(real(std::string(400, '9')), HUGE_VAL);
  EXPECT_EQ(real("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(find_at("9223372036854775808", "")->kind, Kind::real);
  EXPECT_EQ(find_at("-9223372036854775808", "")->kind, Kind::integer);
}

TEST(JsonScan, RefusesNestingBeyondTheBound) {
  const std::string deep = "{\"a\":" + std::string(200, '[') + std::string(200, ']') + ",\"b\":1}";
  const auto found = find_at(deep, "/b");
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().message, HasSubstr("nested too deeply"));
}

/// A copy whose end is the end of an allocation, so that the address sanitizer sees any byte read behind it.
class Exact {
public:
  explicit Exact(std::string_view text) : size_(text.size()), data_(std::make_unique<char[]>(text.size())) {
    std::memcpy(data_.get(), text.data(), size_);
  }
  [[nodiscard]] std::string_view view() const { return {data_.get(), size_}; }

private:
  std::size_t size_;
  std::unique_ptr<char[]> data_;
};

class RandomJson {
public:
  explicit RandomJson(std::uint64_t seed) : engine_(seed) {}

  [[nodiscard]] std::size_t below(std::size_t bound) { return engine_() % bound; }

  void value(std::string& out, int depth) {
    space(out);
    switch (depth > 0 ? below(9) : below(6)) {
    case 0:
      out += "null";
      break;
    case 1:
      out += below(2) == 0 ? "true" : "false";
      break;
    case 2:
      out += std::to_string(static_cast<std::int64_t>(engine_()) >> below(64));
      break;
    case 3:
      out += std::to_string(below(1000)) + "." + std::to_string(below(1000)) + (below(2) == 0 ? "e-3" : "");
      break;
    case 4:
    case 5:
      string(out);
      break;
    case 6:
      list(out, '[', ']', depth);
      break;
    default:
      list(out, '{', '}', depth);
      break;
    }
    space(out);
  }

  /// Mostly containers: a scalar alone tests little.
  void document(std::string& out) {
    if (below(10) == 0) {
      value(out, 0);
    } else if (below(2) == 0) {
      list(out, '[', ']', 5);
    } else {
      list(out, '{', '}', 5);
    }
  }

private:
  void space(std::string& out) {
    if (below(4) == 0) {
      out += std::string_view(" \n\t\r").substr(below(4), 1);
    }
  }

  void string(std::string& out) {
    static constexpr std::array<std::string_view, 20> pieces{
        "a", "b", "key", "\\\"", "\\\\", "\\/", "\\n", "\\u0041", "\\uD83D\\uDE00", "\xC3\xA9", "{",
        "}", "[", "]",   ",",    ":",    "~",   "/",   "0",       "\xE2\x82\xAC"};
    out += '"';
    for (auto count = below(below(5) == 0 ? 40 : 4); count > 0; --count) {
      out += pieces[below(pieces.size())];
    }
    out += '"';
  }

  void list(std::string& out, char opener, char closer, int depth) {
    out += opener;
    space(out);
    for (std::size_t i = 0, count = below(5); i < count; ++i) {
      out += i > 0 ? "," : "";
      if (opener == '{') {
        space(out);
        string(out);
        space(out);
        out += ':';
      }
      value(out, depth - 1);
    }
    out += closer;
  }

  std::mt19937_64 engine_;
};

void collect(const Value& value, const std::string& pointer, std::vector<std::pair<std::string, Value>>& out) {
  out.emplace_back(pointer, value);
  std::size_t index = 0;
  for (const auto element : value.elements()) {
    collect(element, pointer + "/" + std::to_string(index++), out);
  }
  for (const auto [name, member] : value.members()) {
    collect(member, pointer + "/" + escape_step(name), out);
  }
}

void expect_same(const Found& found, const Value& expected, const std::string& where) {
  ASSERT_EQ(found.kind, expected.kind()) << where;
  std::string scratch;
  switch (found.kind) {
  case Kind::integer:
    EXPECT_EQ(found.integer, expected.as_int64()) << where;
    break;
  case Kind::real:
    EXPECT_EQ(found.real, expected.as_double()) << where;
    break;
  case Kind::boolean:
    EXPECT_EQ(found.integer != 0, expected.as_bool()) << where;
    break;
  case Kind::string:
    EXPECT_EQ(*unescape(found.raw, scratch), expected.as_string()) << where;
    break;
  case Kind::array:
  case Kind::object: {
    EXPECT_EQ(found.integer, static_cast<std::int64_t>(expected.size())) << where;
    const auto again = Document::parse(found.raw, {.duplicates = DuplicateNames::keep_first});
    ASSERT_TRUE(again.ok()) << where;
    EXPECT_EQ(again->root(), expected) << where;
    break;
  }
  default:
    break;
  }
}

TEST(JsonScan, AgreesWithTheTreeOnRandomDocuments) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    RandomJson random(seed);
    std::string text;
    random.document(text);
    const Exact exact(text);
    const auto document = Document::parse(exact.view(), {.duplicates = DuplicateNames::keep_first});
    ASSERT_TRUE(document.ok()) << "seed " << seed << ": " << document.error().message << "\n" << text;
    std::vector<std::pair<std::string, Value>> places;
    collect(document->root(), "", places);
    places.emplace_back("/no/such/place", Value{});
    std::vector<std::string_view> pointers;
    for (const auto& [pointer, value] : places) {
      const auto found = find_at(exact.view(), pointer);
      ASSERT_TRUE(found.ok()) << found.error().message;
      // A second member of one name cannot be reached: the tree's own look-up says what counts.
      expect_same(*found, document->root().at(pointer), "seed " + std::to_string(seed) + " " + pointer);
      pointers.push_back(pointer);
    }
    pointers.resize(std::min<std::size_t>(pointers.size(), 1024));
    const auto set = PointerSet::compile(pointers);
    ASSERT_TRUE(set.ok());
    std::vector<Found> values(set->size());
    ASSERT_TRUE(find_all(exact.view(), *set, values).ok());
    for (std::size_t i = 0; i < values.size(); ++i) {
      expect_same(values[i], document->root().at(pointers[i]),
                  "seed " + std::to_string(seed) + " all " + std::string(pointers[i]));
    }
  }
}

TEST(JsonScan, NeverReadsOutsideADamagedText) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    RandomJson random(seed);
    std::string text;
    random.document(text);
    for (int damage = 0; damage < 4; ++damage) {
      if (random.below(2) == 0) {
        text.resize(random.below(text.size() + 1));
      } else if (!text.empty()) {
        text[random.below(text.size())] = static_cast<char>(random.below(256));
      }
    }
    const Exact exact(text);
    const bool well_formed = check(exact.view()).ok();
    EXPECT_EQ(Document::parse(exact.view(), {.duplicates = DuplicateNames::keep_first}).ok(), well_formed)
        << "seed " << seed << "\n"
        << text;
    const std::array<std::string_view, 4> wanted{"", "/0", "/a/0", "/key"};
    const auto set = PointerSet::compile(wanted);
    std::array<Found, 4> values;
    if (well_formed) {
      EXPECT_TRUE(find_all(exact.view(), *set, values).ok()) << "seed " << seed;
    } else if (const auto status = find_all(exact.view(), *set, values); !status.ok()) {
      EXPECT_EQ(status.error().code, ErrorCode::invalid_argument) << "seed " << seed;
    }
    for (const auto pointer : wanted) {
      const auto found = find_at(exact.view(), pointer);
      EXPECT_TRUE(found.ok() || !well_formed) << "seed " << seed;
    }
  }
}

} // namespace
} // namespace dovetail::json
