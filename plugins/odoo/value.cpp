// SPDX-License-Identifier: Apache-2.0
#include "value.hpp"

#include <algorithm>

namespace dovetail::odoo {
namespace {

using namespace sdk;

void write_value(JsonWriter& json, const Value& value) {
  switch (value.kind) {
  case Value::Kind::nil:
    json.value(nullptr);
    break;
  case Value::Kind::boolean:
    json.value(value.flag);
    break;
  case Value::Kind::integer:
    json.value(value.integer);
    break;
  case Value::Kind::real:
    json.value(value.real);
    break;
  case Value::Kind::text:
    json.value(value.text);
    break;
  case Value::Kind::array:
    json.open_array();
    for (const auto& item : value.items) {
      write_value(json, item);
    }
    json.close();
    break;
  case Value::Kind::structure:
    json.open_object();
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      json.name(value.names[i]);
      write_value(json, value.items[i]);
    }
    json.close();
    break;
  }
}

bool is_pair(const Value& value) {
  return value.kind == Value::Kind::array && value.items.size() == 2 && value.items[0].kind == Value::Kind::integer &&
         value.items[1].kind == Value::Kind::text;
}

void write_cell(JsonWriter& json, const Field& field, const Cell& cell) {
  switch (cell.kind) {
  case Cell::Kind::absent:
    json.value(nullptr);
    break;
  case Cell::Kind::boolean:
    if (cell.flag || field.type == "boolean") {
      json.value(cell.flag);
    } else {
      json.value(nullptr);
    }
    break;
  case Cell::Kind::integer:
    json.value(cell.integer);
    break;
  case Cell::Kind::real:
    json.value(cell.real);
    break;
  case Cell::Kind::text:
    json.value(cell.text);
    break;
  case Cell::Kind::pair:
    json.open_array().value(cell.integer).value(cell.text).close();
    break;
  case Cell::Kind::json:
    json.raw(cell.text);
    break;
  }
}

} // namespace

const Value* Value::member(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) {
      return &items[i];
    }
  }
  return nullptr;
}

std::string printable(std::string_view text) {
  std::string out(text);
  std::erase_if(out,
                [](char c) { return static_cast<unsigned char>(c) < 0x20U && c != '\t' && c != '\n' && c != '\r'; });
  return out;
}

Cell cell_of(const Value& value, const Field& field) {
  Cell cell;
  switch (value.kind) {
  case Value::Kind::nil:
    break;
  case Value::Kind::boolean:
    cell.kind = Cell::Kind::boolean;
    cell.flag = value.flag;
    break;
  case Value::Kind::integer:
    cell.kind = Cell::Kind::integer;
    cell.integer = value.integer;
    break;
  case Value::Kind::real:
    cell.kind = Cell::Kind::real;
    cell.real = value.real;
    break;
  case Value::Kind::text:
    cell.kind = Cell::Kind::text;
    cell.text = printable(value.text);
    break;
  case Value::Kind::array:
  case Value::Kind::structure:
    if (field.type == "many2one" && is_pair(value)) {
      cell.kind = Cell::Kind::pair;
      cell.integer = value.items[0].integer;
      cell.text = printable(value.items[1].text);
    } else {
      JsonWriter json;
      write_value(json, value);
      cell.kind = Cell::Kind::json;
      cell.text = json.take();
    }
    break;
  }
  return cell;
}

void write_record(JsonWriter& json, const std::vector<Field>& fields, const Row& row) {
  json.open_object().member("id", row.id);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    json.name(fields[i].name);
    write_cell(json, fields[i], row.cells[i]);
  }
  json.close();
}

} // namespace dovetail::odoo
