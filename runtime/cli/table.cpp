// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/table.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "core/json/writer.hpp"
#include "runtime/cli/text_width.hpp"

namespace dovetail::cli {
namespace {

constexpr std::string_view gap = "  ";
// No text column is clipped below this, even if the line then does not fit.
constexpr std::size_t least_width = 8;

template <class... Ts> struct Overloaded : Ts... {
  using Ts::operator()...;
};
// Clang 16 does not yet deduce the arguments of an aggregate by itself (P1816).
template <class... Ts> Overloaded(Ts...) -> Overloaded<Ts...>;

std::string real_text(double number) {
  json::Writer writer;
  writer.real(number);
  return std::move(writer).take();
}

// What a cell shows in a table and in CSV.
std::string plain(const Cell& cell) {
  return std::visit(Overloaded{[](std::nullptr_t) { return std::string(); },
                               [](bool flag) { return std::string(flag ? "true" : "false"); },
                               [](std::int64_t number) { return fmt::format("{}", number); },
                               [](double number) { return real_text(number); },
                               [](const std::string& text) { return text; },
                               [](const RawJson& json) { return json.text; }},
                    cell);
}

class TableWriter final : public RowWriter {
public:
  TableWriter(std::vector<Column> columns, std::ostream& out, const TableStyle& style)
      : columns_(std::move(columns)), out_(out), style_(style) {}

  void row(const std::vector<Cell>& cells) override {
    std::vector<std::string> texts;
    texts.reserve(cells.size());
    std::transform(cells.begin(), cells.end(), std::back_inserter(texts),
                   [](const Cell& cell) { return printable(plain(cell)); });
    if (!widths_.empty()) {
      print(texts);
      return;
    }
    sample_.push_back(std::move(texts));
    if (sample_.size() >= table_sample_rows) {
      begin();
    }
  }

  void finish() override {
    if (widths_.empty()) {
      begin();
    }
  }

private:
  void begin() {
    std::vector<std::string> headings;
    for (const Column& column : columns_) {
      std::string heading = column.name;
      std::replace(heading.begin(), heading.end(), '_', ' ');
      headings.push_back(std::move(heading));
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      std::size_t width = display_width(headings[i]);
      for (const auto& texts : sample_) {
        width = std::max(width, display_width(texts[i]));
      }
      widths_.push_back(width);
    }
    fit();
    if (style_.color) {
      out_ << "\x1b[1m";
    }
    print(headings, style_.color ? "\x1b[0m" : "");
    for (const auto& texts : sample_) {
      print(texts);
    }
    sample_.clear();
  }

  // Takes from the widest text column until the line fits.
  void fit() {
    if (style_.width == 0) {
      return;
    }
    std::size_t total = std::accumulate(widths_.begin(), widths_.end(), gap.size() * (widths_.size() - 1));
    while (total > style_.width) {
      std::size_t widest = widths_.size();
      for (std::size_t i = 0; i < widths_.size(); ++i) {
        if (!columns_[i].number && widths_[i] > least_width &&
            (widest == widths_.size() || widths_[i] > widths_[widest])) {
          widest = i;
        }
      }
      if (widest == widths_.size()) {
        return;
      }
      --widths_[widest];
      --total;
    }
  }

  void print(const std::vector<std::string>& texts, std::string_view end = "") {
    std::string line;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string text = clipped(texts[i], widths_[i]);
      const std::size_t padding = widths_[i] - display_width(text);
      line += i == 0 ? "" : gap;
      if (columns_[i].number) {
        line.append(padding, ' ').append(text);
      } else {
        line += text;
        line.append(i + 1 == texts.size() ? 0 : padding, ' ');
      }
    }
    out_ << line << end << '\n';
  }

  const std::vector<Column> columns_;
  std::ostream& out_;
  const TableStyle style_;
  std::vector<std::vector<std::string>> sample_;
  std::vector<std::size_t> widths_; // empty until they are decided
};

void write_object(json::Writer& writer, const std::vector<Column>& columns, const std::vector<Cell>& cells) {
  writer.begin_object();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    writer.key(columns[i].name);
    std::visit(Overloaded{[&](const RawJson& json) { writer.raw(json.text); },
                          [&](const auto& value) { writer.value(value); }},
               cells[i]);
  }
  writer.end_object();
}

class JsonWriter final : public RowWriter {
public:
  JsonWriter(std::vector<Column> columns, std::ostream& out) : columns_(std::move(columns)), out_(out) {}

  void row(const std::vector<Cell>& cells) override {
    json::Writer writer;
    write_object(writer, columns_, cells);
    out_ << (any_ ? ",\n  " : "[\n  ") << writer.view();
    any_ = true;
  }

  void finish() override { out_ << (any_ ? "\n]\n" : "[]\n"); }

private:
  const std::vector<Column> columns_;
  std::ostream& out_;
  bool any_ = false;
};

class JsonLinesWriter final : public RowWriter {
public:
  JsonLinesWriter(std::vector<Column> columns, std::ostream& out) : columns_(std::move(columns)), out_(out) {}

  void row(const std::vector<Cell>& cells) override {
    writer_.clear();
    write_object(writer_, columns_, cells);
    out_ << writer_.view() << '\n';
  }

  void finish() override {}

private:
  const std::vector<Column> columns_;
  std::ostream& out_;
  json::Writer writer_;
};

class CsvWriter final : public RowWriter {
public:
  CsvWriter(std::vector<Column> columns, std::ostream& out) : columns_(std::move(columns)), out_(out) {}

  void row(const std::vector<Cell>& cells) override {
    heading();
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line += i == 0 ? "" : ",";
      if (!std::holds_alternative<std::nullptr_t>(cells[i])) {
        append(line, plain(cells[i]));
      }
    }
    out_ << line << "\r\n";
  }

  void finish() override { heading(); }

private:
  void heading() {
    std::string line;
    for (const Column& column : std::exchange(columns_, {})) {
      line += line.empty() ? "" : ",";
      append(line, column.name);
    }
    if (!line.empty()) {
      out_ << line << "\r\n";
    }
  }

  static void append(std::string& line, const std::string& text) {
    if (!text.empty() && text.find_first_of(",\"\r\n") == std::string::npos) {
      line += text;
      return;
    }
    line += '"';
    for (const char letter : text) {
      line += letter;
      if (letter == '"') {
        line += '"';
      }
    }
    line += '"';
  }

  std::vector<Column> columns_; // empty once the heading is written
  std::ostream& out_;
};

} // namespace

std::optional<Format> format_from_name(std::string_view name) noexcept {
  if (name == "table") {
    return Format::table;
  }
  if (name == "json") {
    return Format::json;
  }
  if (name == "jsonl") {
    return Format::jsonl;
  }
  if (name == "csv") {
    return Format::csv;
  }
  return std::nullopt;
}

std::unique_ptr<RowWriter> make_row_writer(Format format, std::vector<Column> columns, std::ostream& out,
                                           const TableStyle& style) {
  switch (format) {
  case Format::json:
    return std::make_unique<JsonWriter>(std::move(columns), out);
  case Format::jsonl:
    return std::make_unique<JsonLinesWriter>(std::move(columns), out);
  case Format::csv:
    return std::make_unique<CsvWriter>(std::move(columns), out);
  case Format::table:
    break;
  }
  return std::make_unique<TableWriter>(std::move(columns), out, style);
}

} // namespace dovetail::cli
