// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/differential.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "core/json/check.hpp"
#include "core/json/pointer.hpp"
#include "core/mapping/convert.hpp"
#include "core/mapping/engine.hpp"
#include "core/mapping/json_text.hpp"
#include "core/mapping/row_builder.hpp"
#include "core/mapping/test_world.hpp"

namespace dovetail::mapping {
namespace traced {
namespace {

/// Records what a walk skips.
class Trace {
public:
  struct Skip {
    const char* begin;
    const char* end;
    std::string_view instead;
  };

  void value(const char* begin, const char* end) { skips_.push_back({begin, end, nothing_like(*begin)}); }
  void rest(const char* begin, const char* end) { skips_.push_back({begin, end, ""}); }
  [[nodiscard]] std::size_t mark() const noexcept { return skips_.size(); }
  void drop(std::size_t mark) { skips_.resize(mark); }
  void intersect(std::size_t first, std::size_t second) {
    std::vector<Skip> both;
    const auto begin = skips_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto middle = skips_.begin() + static_cast<std::ptrdiff_t>(second);
    const auto within = [](const Skip& inner, const Skip& outer) {
      return outer.begin <= inner.begin && inner.end <= outer.end;
    };
    for (auto one = begin; one != middle; ++one) {
      for (auto other = middle; other != skips_.end(); ++other) {
        if (within(*one, *other)) {
          both.push_back(*one);
        } else if (within(*other, *one)) {
          both.push_back(*other);
        }
      }
    }
    skips_.resize(first);
    skips_.insert(skips_.end(), both.begin(), both.end());
  }

  [[nodiscard]] std::string without_skips(std::string_view page) {
    std::sort(skips_.begin(), skips_.end(), [](const Skip& a, const Skip& b) { return a.begin < b.begin; });
    std::string text;
    const char* p = page.data();
    for (const Skip& skip : skips_) {
      text.append(p, skip.begin);
      text += skip.instead;
      p = skip.end;
    }
    return text.append(p, page.data() + page.size());
  }

private:
  static std::string_view nothing_like(char first) noexcept {
    switch (first) {
    case '{':
      return "{}";
    case '[':
      return "[]";
    case '"':
      return "\"\"";
    default:
      return "null";
    }
  }

  std::vector<Skip> skips_;
};

#include "core/mapping/kernel_portable.inc"
#include "core/mapping/trie_engine.inc"

} // namespace
} // namespace traced

namespace {

std::string describe(const PageRows& rows, const PageStats& stats, bool with_samples) {
  std::string text = fmt::format("{} records, {} rows, {} null, {} failed, {} duplicates, {} children", stats.records,
                                 stats.rows, stats.null_rows, stats.failed, stats.duplicates, stats.children);
  for (const FieldErrors& errors : stats.errors) {
    text += fmt::format("\n  {}: {}", errors.field, errors.count);
    for (const std::string& sample : errors.samples) {
      text += with_samples ? "\n    " + sample : "";
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const RowHeader& header = rows.header(i);
    text += fmt::format("\n  '{}' {:x} {:x} {} {} {}:", header.external_id, header.external_id_hash,
                        header.content_hash, header.inactive, header.gone,
                        header.source_updated_at ? header.source_updated_at->time_since_epoch().count() : -1);
    for (const Cell& cell : rows.row(i)) {
      const bool text_cell = cell.kind() == Cell::Kind::text || cell.kind() == Cell::Kind::json;
      text += text_cell ? fmt::format(" {}'{}'", static_cast<int>(cell.kind()), cell.as_text())
                        : fmt::format(" {}:{}", static_cast<int>(cell.kind()), cell.is_null() ? 0 : cell.as_integer());
    }
  }
  return text;
}

struct Outcome {
  std::string rows; ///< empty when the page was refused
  std::string loose_rows;
  Error error;
};

Outcome run(PageMapper& mapper, PaddedBytes body, std::string_view pointer) {
  static const std::vector<Constant> constants{{"repository", Scalar::Kind::string, "acme/app"},
                                               {"number", Scalar::Kind::number, "7"}};
  PageRows rows;
  const auto stats = mapper.map(body, pointer, constants, rows);
  Outcome outcome;
  if (stats.ok()) {
    outcome.rows = describe(rows, *stats, true);
    outcome.loose_rows = describe(rows, *stats, false);
  } else {
    outcome.error = stats.error();
  }
  return outcome;
}

const Redactor& no_secrets() {
  static const Redactor redactor;
  return redactor;
}

} // namespace

std::string reduced_page(const CompiledMapping& mapping, PaddedBytes body, std::string_view records_pointer) {
  traced::TrieMapper mapper(mapping.program(), nullptr);
  PageRows rows;
  if (!mapper.map(body, records_pointer, {}, rows).ok()) {
    return {};
  }
  return mapper.trace().without_skips({body.data, body.size});
}

std::string check_laws(const CompiledMapping& mapping, std::string_view page, std::string_view records_pointer,
                       Outcomes& outcomes) {
  const Page padded(page);
  const auto portable = make_trie_mapper(mapping, Kernel::portable, &no_secrets());
  const Outcome trie = run(*portable, padded.bytes(), records_pointer);
  for (const Kernel kernel : {Kernel::sse2, Kernel::avx2}) {
    const auto mapper = make_trie_mapper(mapping, kernel, &no_secrets());
    if (mapper == nullptr) {
      continue;
    }
    for (const std::string_view round : {"first", "second"}) { // the second time it knows the members' order
      const Outcome other = run(*mapper, padded.bytes(), records_pointer);
      if (other.rows != trie.rows) {
        return fmt::format("law 1: kernel {}, {} round:\n{}\n{}\nportable:\n{}\n{}", to_string(kernel), round,
                           other.rows, other.error.message, trie.rows, trie.error.message);
      }
    }
  }
  const auto oracle_mapper = make_page_mapper(mapping, EngineKind::rapidjson, &no_secrets());
  const Outcome oracle = run(*oracle_mapper, padded.bytes(), records_pointer);
  if (oracle.error.code == ErrorCode::out_of_range) {
    ++outcomes.beyond_oracle;
    return {};
  }
  if (!oracle.rows.empty() || trie.rows.empty()) {
    ++(trie.rows.empty() ? outcomes.both_refuse : outcomes.equal_rows);
    return oracle.rows == trie.rows ? std::string()
                                    : fmt::format("law 2: trie:\n{}\n{}\nRapidJSON:\n{}\n{}", trie.rows,
                                                  trie.error.message, oracle.rows, oracle.error.message);
  }
  const std::string reduced = reduced_page(mapping, padded.bytes(), records_pointer);
  const Page padded_reduced(reduced);
  const Outcome second = run(*oracle_mapper, padded_reduced.bytes(), records_pointer);
  if (second.error.code == ErrorCode::out_of_range) {
    ++outcomes.beyond_oracle;
    return {};
  }
  ++outcomes.skipped_faults;
  return second.loose_rows == trie.loose_rows
             ? std::string()
             : fmt::format(
                   "law 4: trie:\n{}\nRapidJSON refused: {}\nwithout what the trie skipped:\n{}\n{}\nwhich is\n{}",
                   trie.rows, oracle.error.message, second.rows, second.error.message, reduced);
}

const std::vector<CompiledMapping>& differential_mappings() {
  static const std::vector<CompiledMapping> mappings = [] {
    constexpr std::array<std::string_view, 9> texts{
        R"({"model":"thing","externalId":"/id","fields":{"name":"/name","number":"/n","amount":"/n","flag":"/flag","created_at":"/at",
            "due":"/at","labels":"/tags","state":{"from":"/state","enum":{"open":"o","1":"one","true":"t"},"default":"?"}}})",
        R"({"model":"thing","externalId":"/id","sourceUpdatedAt":"/at","inactiveWhen":{"from":"/state","in":["closed",null,1]},
            "fields":{"name":"/user/name","number":"/user/id","other":"/user/name/x","labels":"/user","payload":"/user/id"}})",
        R"({"model":"thing","externalId":"/id","fields":{
            "name":{"find":{"in":"/cols","where":"/id","equals":"a"},"take":"/text"},
            "other":{"find":{"in":"/cols","where":"/id","equals":"b"},"take":"/value","embedded":"/id"},
            "number":{"find":{"in":"/cols","where":"/name","equals":"1"},"take":"/n"},
            "labels":{"find":{"in":"/cols","where":"/id","equals":"a"},"take":""},
            "email":{"find":{"in":"/cols","where":"/id","equals":"a"},"take":"/value","embedded":"/tags/0"},
            "count":"/cols/1/n"}})",
        R"({"model":"thing","externalId":{"concat":["$page/repository",{"const":":"},"/id"]},"fields":{
            "name":{"firstOf":["/name","/user/name","$page/repository"]},"state":{"concat":["/name","/n"]},"number":"$page/number",
            "labels":{"from":"/value","embedded":""},"payload":{"from":"/value","embedded":"/tags"},"other":{"from":"/value","embedded":"/user/name"}}})",
        R"({"model":"thing","externalId":"/0","fields":{"name":"/1","number":"/3","labels":"/2","other":"/2/1"}})",
        R"({"model":"thing","externalId":"/id","fields":{"labels":"","payload":"/cols","name":"/cols/0/id","other":"/cols/0"}})",
        R"({"model":"thing","externalId":"","fields":{"name":{"find":{"in":"/tags","where":"","equals":"x"},"take":""},"flag":{"const":true}}})",
        R"({"model":"thing","externalId":"/user/id","fields":{"name":"/","other":"/a~1b","number":"/user/n","created_at":{"from":"/n","format":"epoch_s"},
            "payload":{"find":{"in":"/cols","where":"/user/id","equals":"1"},"take":"/user"}}})",
        R"({"model":"thing","externalId":"/id","goneWhen":{"from":"/flag","equals":true},"inactiveWhen":{"from":"/state","present":true},
            "fields":{"name":"/name","labels":"/user","other":"/n"}})"};
    const auto children = json::Document::parse(R"({"from":"/n","equals":[1,7,"x"]})");
    std::vector<CompiledMapping> made;
    for (const std::string_view text : texts) {
      const auto document = json::Document::parse(text);
      Mapping mapping = Mapping::parse(document.value().root()).value();
      // One of them wants no children, under a name that records often have.
      if (mapping.gone_when && !mapping.leave_out_children("/user/id", children.value().root()).ok()) {
        return std::vector<CompiledMapping>();
      }
      auto compiled = compile(mapping, thing_model());
      made.push_back(std::move(compiled).value());
    }
    return made;
  }();
  return mappings;
}

std::string_view differential_pointer(std::size_t choice) noexcept {
  constexpr std::array<std::string_view, 4> pointers{"", "", "/data", "/data/1/items"};
  return pointers.at(choice % pointers.size());
}

void fuzz_one(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t header = 2;
  if (size < header) {
    return;
  }
  const auto& mappings = differential_mappings();
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  const std::string_view page(reinterpret_cast<const char*>(data) + header, size - header);
  Outcomes outcomes;
  const std::string broken =
      check_laws(mappings[data[0] % mappings.size()], page, differential_pointer(data[1]), outcomes);
  if (!broken.empty()) {
    std::fputs(broken.c_str(), stderr);
    std::abort();
  }
}

} // namespace dovetail::mapping
