// SPDX-License-Identifier: Apache-2.0
#include "core/json/schema.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <regex>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "core/json/pointer.hpp"
#include "core/json/rapid.hpp"
#include "core/json/schema_explain.hpp"

namespace dovetail::json {

using Adapter = valijson::adapters::RapidJsonAdapter;

struct Schema::State {
  explicit State(Document text) : document(std::move(text)) {}
  Document document; ///< the schema's own text, from which messages take what was expected
  valijson::Schema compiled;
  bool has_patterns = false;
};

namespace {

/// Makes sure that no part leads back to itself while it looks at one and the same value ("$ref", "allOf", "not" ...): the validator
/// would never end. A way back through "properties" or "items" is fine, because the value gets smaller.
class CircleCheck {
public:
  explicit CircleCheck(const Value& schema) : schema_(schema) {}

  Status visit(const Value& part) { // NOLINT(misc-no-recursion)
    const auto* const node = detail::Access::node(part);
    if (!part.is_object() || done_.contains(node)) {
      return {};
    }
    if (open_.size() == max_open || !open_.insert(node).second) {
      return invalid_argument(
          fmt::format("JSON Schema {}: \"$ref\" leads in a circle or through too many parts", part.pointer()));
    }
    if (const auto reference = part["$ref"].as_string()) {
      const auto target = detail::resolve_reference(schema_, *reference);
      if (!target.exists()) {
        return invalid_argument(
            fmt::format("JSON Schema {}: \"$ref\" \"{}\" names nothing in this document", part.pointer(), *reference));
      }
      DOVETAIL_TRY_STATUS(visit(target));
    }
    for (const auto* const word : {"allOf", "anyOf", "oneOf"}) {
      for (const auto alternative : part[std::string_view(word)].elements()) {
        DOVETAIL_TRY_STATUS(visit(alternative));
      }
    }
    for (const auto* const word : {"not", "if", "then", "else"}) {
      DOVETAIL_TRY_STATUS(visit(part[std::string_view(word)]));
    }
    for (const auto [name, dependent] : part["dependencies"].members()) {
      DOVETAIL_TRY_STATUS(visit(dependent));
    }
    open_.erase(node);
    done_.insert(node);
    return {};
  }

private:
  static constexpr std::size_t max_open = 256;
  const Value& schema_;
  std::unordered_set<const detail::Node*> open_;
  std::unordered_set<const detail::Node*> done_;
};

/// What the members of an object in a schema are.
enum class Members : std::uint8_t { keywords, names, data };

Members members_below(Members above, std::string_view name) {
  if (above != Members::keywords) {
    return above == Members::names ? Members::keywords : Members::data;
  }
  if (name == "const" || name == "enum" || name == "default" || name == "examples") {
    return Members::data;
  }
  const bool named =
      name == "properties" || name == "patternProperties" || name == "definitions" || name == "dependencies";
  return named ? Members::names : Members::keywords;
}

/// References and patterns of the whole schema. As deep as the document, which is bounded.
class Inspection {
public:
  explicit Inspection(const Value& schema) : circles_(schema) {}

  [[nodiscard]] bool has_patterns() const noexcept { return !patterns_.empty(); }

  Status visit(const Value& here, Members members) { // NOLINT(misc-no-recursion)
    DOVETAIL_TRY_STATUS(circles_.visit(here));
    if (const auto pattern = here["pattern"].as_string()) {
      DOVETAIL_TRY_STATUS(try_pattern(*pattern, here));
    }
    for (const auto [pattern, ignored] : here["patternProperties"].members()) {
      DOVETAIL_TRY_STATUS(try_pattern(pattern, here));
    }
    // valijson says neither which name is at fault nor where.
    if (members == Members::keywords && here["propertyNames"].exists()) {
      return invalid_argument(fmt::format("JSON Schema {}: \"propertyNames\" is not taken: write \"patternProperties\" "
                                          "and \"additionalProperties\": false",
                                          here.pointer()));
    }
    for (const auto element : here.elements()) {
      DOVETAIL_TRY_STATUS(visit(element, members));
    }
    for (const auto [name, member] : here.members()) {
      DOVETAIL_TRY_STATUS(visit(member, members_below(members, name)));
    }
    return {};
  }

private:
  Status try_pattern(std::string_view text, const Value& here) {
    std::string pattern(text);
    if (patterns_.contains(pattern)) {
      return {};
    }
    try {
      const std::regex compiled(pattern);
    } catch (const std::regex_error& error) {
      return invalid_argument(fmt::format("JSON Schema {}: the pattern \"{}\" does not compile: {}", here.pointer(),
                                          pattern, error.what()));
    }
    patterns_.insert(std::move(pattern));
    return {};
  }

  CircleCheck circles_;
  std::unordered_set<std::string> patterns_; // that compile
};

Status check_kind(const Value& schema) {
  if (!schema.is_object() && schema.kind() != Kind::boolean) {
    return invalid_argument(fmt::format("a JSON Schema is an object or a boolean, found {}", to_string(schema.kind())));
  }
  return {};
}

/// Puts the pointers of texts that are too long to be matched into `problems`.
void find_long_texts(const Value& value, const std::string& pointer,
                     std::vector<Problem>& problems) { // NOLINT(misc-no-recursion)
  const auto too_long = [&](std::string_view text, const std::string& where) {
    if (text.size() > Schema::max_matched_bytes && problems.size() < Schema::max_problems) {
      problems.push_back(
          {where, fmt::format("a text of {} bytes, at most {} are allowed", text.size(), Schema::max_matched_bytes)});
    }
  };
  if (const auto text = value.as_string()) {
    too_long(*text, pointer);
  }
  std::size_t index = 0;
  for (const auto element : value.elements()) {
    find_long_texts(element, fmt::format("{}/{}", pointer, index++), problems);
  }
  for (const auto [name, member] : value.members()) {
    too_long(name, pointer);
    find_long_texts(member, name.size() > Schema::max_matched_bytes ? pointer : pointer + "/" + escape_step(name),
                    problems);
  }
}

/// "<root>", "[a]", "[0]" as the validator puts it -> the steps of a pointer.
std::vector<std::string> steps_of(const std::vector<std::string>& context) {
  std::vector<std::string> steps;
  for (std::size_t i = 1; i < context.size(); ++i) {
    const auto& step = context[i];
    steps.push_back(step.size() >= 2 ? step.substr(1, step.size() - 2) : step);
  }
  return steps;
}

struct Failure {
  Problem problem;
  bool of_type = false; ///< says only that another kind of value was expected
};

/// Where alternatives were tried, one of them may fail early on the value's kind and another deep inside it: the deeper one tells more.
std::vector<Problem> most_telling(const std::vector<Failure>& failures) {
  std::vector<Problem> problems;
  for (const auto& failure : failures) {
    const auto below = [&](const Failure& other) {
      return other.problem.pointer.starts_with(failure.problem.pointer + "/");
    };
    if (failure.of_type && std::any_of(failures.begin(), failures.end(), below)) {
      continue;
    }
    if (std::find(problems.begin(), problems.end(), failure.problem) == problems.end()) {
      problems.push_back(failure.problem);
    }
  }
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& left, const Problem& right) { return left.pointer < right.pointer; });
  if (problems.size() > Schema::max_problems) {
    problems.resize(Schema::max_problems);
  }
  return problems;
}

} // namespace

std::string Problem::text() const { return fmt::format("{}: {}", pointer.empty() ? "(document)" : pointer, message); }

Schema::Schema(std::unique_ptr<const State> state) noexcept : state_(std::move(state)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

Result<Schema> Schema::compile(const Value& schema) {
  DOVETAIL_TRY_STATUS(check_kind(schema));
  const auto text = schema.dump();
  DOVETAIL_TRY(auto document,
               Document::parse(text, {.max_bytes = text.size(), .duplicates = DuplicateNames::keep_first}));
  return compile_document(std::move(document));
}

Result<Schema> Schema::compile_text(std::string_view text) {
  DOVETAIL_TRY(auto document, Document::parse(text));
  DOVETAIL_TRY_STATUS(check_kind(document.root()));
  return compile_document(std::move(document));
}

Value Schema::root() const { return state_->document.root(); }

Result<Schema> Schema::compile_document(Document document) {
  auto state = std::make_unique<State>(std::move(document));
  const auto root = state->document.root();
  Inspection inspection(root);
  DOVETAIL_TRY_STATUS(inspection.visit(root, Members::keywords));
  state->has_patterns = inspection.has_patterns();
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(Adapter(*detail::Access::node(root)), state->compiled);
  } catch (const std::exception& error) {
    return invalid_argument(fmt::format("not a valid JSON Schema: {}", error.what()));
  }
  return Schema(std::move(state));
}

std::vector<Problem> Schema::validate(const Value& value, ShowValues show) const {
  std::vector<Problem> problems;
  if (!value.exists()) {
    problems.push_back({"", "nothing to check"});
    return problems;
  }
  if (state_->has_patterns) {
    find_long_texts(value, "", problems);
    if (!problems.empty()) {
      return problems;
    }
  }
  valijson::ValidationResults results;
  bool good = false;
  std::string thrown;
  try {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    good = validator.validate(state_->compiled, Adapter(*detail::Access::node(value)), &results);
  } catch (const std::exception& error) {
    thrown = error.what();
  }
  if (good) {
    return problems;
  }
  std::vector<Failure> failures;
  std::vector<Problem> vague;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    const auto steps = steps_of(error.context);
    std::string pointer;
    for (const auto& step : steps) {
      pointer += "/" + escape_step(step);
    }
    const auto at = value.at(pointer);
    const auto parts = detail::subschemas_at(state_->document.root(), value, steps);
    if (auto message = detail::explain(error.description, parts, at, show)) {
      failures.push_back({{pointer, std::move(*message)}, error.description.starts_with("Value type not permitted")});
    } else {
      vague.push_back({pointer, fmt::format("does not fit the schema, found {}", detail::brief(at, show))});
    }
  }
  problems = most_telling(failures);
  if (problems.empty() && !vague.empty()) {
    problems.push_back(*std::max_element(vague.begin(), vague.end(), [](const Problem& left, const Problem& right) {
      return left.pointer.size() < right.pointer.size();
    }));
  }
  if (problems.empty()) {
    problems.push_back({"", "cannot be checked against its schema: " + (thrown.empty() ? "no reason given" : thrown)});
  }
  return problems;
}

} // namespace dovetail::json
