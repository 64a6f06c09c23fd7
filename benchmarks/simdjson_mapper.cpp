// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/simdjson_mapper.hpp"

#include <cstring>

#include <simdjson.h>

#include "core/mapping/convert.hpp"
#include "core/mapping/engine.hpp"
#include "core/mapping/row_builder.hpp"

namespace dovetail::mapping {
namespace {

namespace ondemand = simdjson::ondemand;

class SimdjsonMapper final : public PageMapper {
public:
  explicit SimdjsonMapper(const Program& program)
      : program_(program), builder_(program, nullptr), visited_(program.nodes.size(), 0) {}

  Result<PageStats> map(PaddedBytes body, std::string_view records_pointer, std::span<const Constant> constants,
                        PageRows& out) override {
    builder_.begin_page(constants, out);
    out_ = &out;
    slots_ = builder_.slots();
    try {
      ondemand::document document = parser_.iterate(body.data, body.size, body.size + limits::json_padding);
      if (records_pointer.empty()) {
        records(document.get_array());
      } else {
        records(document.at_pointer(records_pointer).get_array());
      }
    } catch (const simdjson::simdjson_error& error) {
      out.reset(program_.columns);
      return invalid_argument(error.what());
    }
    return builder_.take_stats();
  }

private:
  void records(ondemand::array array) {
    for (ondemand::value element : array) {
      builder_.begin_record();
      read(program_.nodes[0], element);
      builder_.end_record();
    }
  }

  /// The name between its quotes, without unescaping it: names with escapes are not asked for.
  static std::string_view name_of(ondemand::field& field) {
    const char* const begin = field.key().raw();
    const char* end = begin;
    while (*end != '"') {
      ++end;
    }
    return {begin, static_cast<std::size_t>(end - begin)};
  }

  void walk_object(const Node& node, ondemand::object object) {
    const std::uint64_t visit = ++visits_;
    std::size_t wanted = node.member_count;
    for (ondemand::field field : object) {
      const std::string_view name = name_of(field);
      const std::uint16_t child = program_.find_member(node, name.data(), name.size());
      if (child == none || visited_[child] == visit) {
        continue;
      }
      visited_[child] = visit;
      read(program_.nodes[child], field.value());
      if (--wanted == 0) {
        break;
      }
    }
  }

  void walk_array(const Node& node, ondemand::array array) {
    const ArrayEntry* wanted = program_.elements.data() + node.elements;
    const ArrayEntry* const wanted_end = wanted + node.element_count;
    std::size_t open_cases = node.find_count == 0 ? 0 : program_.finds[node.finds].case_count;
    const std::uint64_t visit = ++visits_;
    std::uint32_t index = 0;
    for (ondemand::value element : array) {
      if (open_cases != 0) {
        find_element(node, element, visit, open_cases);
      } else if (wanted != wanted_end && wanted->index == index) {
        read(program_.nodes[wanted->node], element);
        ++wanted;
      }
      if (open_cases == 0 && wanted == wanted_end) {
        break;
      }
      ++index;
    }
  }

  void find_element(const Node& node, ondemand::value element, std::uint64_t visit, std::size_t& open_cases) {
    const Find& find = program_.finds[node.finds];
    slots_[find.where_slot] = {};
    ondemand::object object = element.get_object();
    walk_object(program_.nodes[node.where_root], object);
    const auto text = scalar_text(slots_[find.where_slot]);
    const FindCase* const found = text ? program_.find_case(find, *text) : nullptr;
    if (found == nullptr || visited_[found->root] == visit) {
      return;
    }
    visited_[found->root] = visit;
    --open_cases;
    object.reset();
    walk_object(program_.nodes[found->root], object);
  }

  void read(const Node& node, ondemand::value value) {
    switch (value.type()) {
    case ondemand::json_type::object:
      if (node.reads_object()) {
        walk_object(node, value.get_object());
      } else if (node.scalar_slot != none) {
        slots_[node.scalar_slot] = {RawValue::Type::object, {}};
      }
      break;
    case ondemand::json_type::array:
      if (node.reads_array()) {
        walk_array(node, value.get_array());
      } else if (node.scalar_slot != none) {
        slots_[node.scalar_slot] = {RawValue::Type::array, {}};
      }
      break;
    case ondemand::json_type::string:
      read_string(node, value.get_string());
      break;
    case ondemand::json_type::number: {
      std::string_view token = value.raw_json_token();
      while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') {
        token.remove_suffix(1);
      }
      value.get_double().value_unsafe(); // validates it and moves on
      store(node, {RawValue::Type::number, token});
      break;
    }
    case ondemand::json_type::boolean:
      store(node, {value.get_bool() ? RawValue::Type::true_ : RawValue::Type::false_, {}});
      break;
    case ondemand::json_type::null:
      store(node, {RawValue::Type::null, {}});
      break;
    }
  }

  void store(const Node& node, const RawValue& value) {
    if (node.scalar_slot != none) {
      slots_[node.scalar_slot] = value;
    }
  }

  void read_string(const Node& node, std::string_view text) {
    store(node, {RawValue::Type::string, text});
    if (node.embedded == none || text.empty()) {
      return;
    }
    char* const copy = out_->arena().allocate(text.size() + limits::json_padding);
    std::memcpy(copy, text.data(), text.size());
    ondemand::document document = document_parser_.iterate(copy, text.size(), text.size() + limits::json_padding);
    if (document.type() == ondemand::json_type::object) {
      walk_object(program_.nodes[node.embedded], document.get_object());
    }
  }

  const Program& program_;
  RowBuilder builder_;
  ondemand::parser parser_;
  ondemand::parser document_parser_;
  std::vector<std::uint64_t> visited_;
  std::uint64_t visits_ = 0;
  RawValue* slots_ = nullptr;
  PageRows* out_ = nullptr;
};

} // namespace

std::unique_ptr<PageMapper> make_simdjson_mapper(const CompiledMapping& mapping) {
  return std::make_unique<SimdjsonMapper>(mapping.program());
}

} // namespace dovetail::mapping
