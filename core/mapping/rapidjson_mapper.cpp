// SPDX-License-Identifier: Apache-2.0
#include "core/mapping/rapidjson_mapper.hpp"

#include <array>
#include <cstring>
#include <vector>

// Another namespace than core/json's: the same library compiled in another way must not be mistaken for it by the linker.
#define RAPIDJSON_NAMESPACE rapidjson_sax
#define RAPIDJSON_NAMESPACE_BEGIN namespace rapidjson_sax {
#define RAPIDJSON_NAMESPACE_END }
#if defined(__SSE2__)
#define RAPIDJSON_SSE2
#endif
#include <rapidjson/reader.h>

#include "core/json/pointer.hpp"
#include "core/mapping/convert.hpp"
#include "core/mapping/json_text.hpp"
#include "core/mapping/row_builder.hpp"

namespace dovetail::mapping {
namespace {

using rapidjson_sax::InsituStringStream;
using rapidjson_sax::SizeType;
using Type = RawValue::Type;

constexpr unsigned parse_flags = rapidjson_sax::kParseInsituFlag | rapidjson_sax::kParseNumbersAsStringsFlag;

/// SAX gives each value once, and an element's members before it is known which finds it answers. So the tries of all finds over
/// one array are merged into one, whose leaves go to slots of their own ("captures"), and are copied when the element ends.
struct Copy {
  std::uint16_t find_case = none; ///< none: it is what the finds compare
  std::uint16_t capture = none;
  std::uint16_t slot = none;
  std::uint16_t document = none; ///< instead of `slot`: the root of the document in the captured text
};

struct SaxNode {
  std::vector<std::pair<std::string, std::uint16_t>> members;
  std::vector<ArrayEntry> elements;
  std::uint16_t scalar_slot = none;
  std::uint16_t json_slot = none;
  std::uint16_t document = none;
  std::uint16_t search = none; ///< the merged trie of the finds over this array
  std::uint16_t finds = 0;
  std::uint16_t find_count = 0;
};

/// The program in the form that events want: one table of nodes, merged where finds are.
class SaxProgram {
public:
  explicit SaxProgram(const Program& program) : program_(program), slot_count_(program.slot_count) {
    nodes_.resize(program.nodes.size());
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
      copy_node(static_cast<std::uint16_t>(i));
    }
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
      if (program.nodes[i].find_count != 0) {
        merge_finds(static_cast<std::uint16_t>(i));
      }
    }
    index_members();
  }

  [[nodiscard]] const SaxNode& node(std::uint16_t index) const noexcept { return nodes_[index]; }
  [[nodiscard]] std::size_t node_count() const noexcept { return nodes_.size(); }
  [[nodiscard]] std::uint16_t slot_count() const noexcept { return slot_count_; }
  [[nodiscard]] std::uint16_t first_capture() const noexcept { return program_.slot_count; }
  [[nodiscard]] std::span<const Copy> copies_of(std::size_t find_case) const noexcept {
    const auto [first, last] = case_copies_[find_case];
    return {copies_.data() + first, copies_.data() + last};
  }
  [[nodiscard]] std::uint16_t where_capture(std::size_t find) const noexcept { return where_captures_[find]; }

  [[nodiscard]] std::uint16_t find_member(std::uint16_t index, const char* name, std::size_t size) const noexcept {
    return tables_.find_member(headers_[index], name, size);
  }

private:
  void copy_node(std::uint16_t index) {
    const Node& from = program_.nodes[index];
    SaxNode& to = nodes_[index];
    if (from.member_count != 0) {
      for (std::uint32_t i = 0; i <= from.key_mask; ++i) {
        const KeyEntry& entry = program_.keys[from.keys + i];
        if (entry.node != none) {
          to.members.emplace_back(std::string(entry.data, entry.size), entry.node);
        }
      }
    }
    to.elements.assign(program_.elements.begin() + from.elements,
                       program_.elements.begin() + from.elements + from.element_count);
    to.scalar_slot = from.scalar_slot;
    to.json_slot = from.json_slot;
    to.document = from.embedded;
    to.finds = from.finds;
    to.find_count = from.find_count;
  }

  std::uint16_t new_node() {
    nodes_.emplace_back();
    return static_cast<std::uint16_t>(nodes_.size() - 1);
  }

  void merge_finds(std::uint16_t array) {
    const Node& from = program_.nodes[array];
    const std::uint16_t root = new_node();
    nodes_[array].search = root;
    where_captures_.resize(program_.finds.size(), none);
    merge(root, from.where_root, none);
    for (std::size_t i = 0; i < from.find_count; ++i) {
      const Find& find = program_.finds[from.finds + i];
      where_captures_[from.finds + i] = capture_of_slot(find.where_slot);
      for (std::uint16_t j = 0; j < find.case_count; ++j) {
        const auto index = static_cast<std::uint16_t>(find.cases + j);
        const std::size_t first = copies_.size();
        merge(root, program_.cases[index].root, index);
        case_copies_.resize(program_.cases.size());
        case_copies_[index] = {first, copies_.size()};
      }
    }
  }

  /// Adds the trie at `from` to the merged one at `to`.
  void merge(std::uint16_t to, std::uint16_t from, std::uint16_t find_case) {
    const SaxNode source = nodes_[from]; // a copy: nodes_ grows
    const auto capture = [this](std::uint16_t& slot) {
      if (slot == none) {
        slot = slot_count_++;
      }
      return slot;
    };
    if (source.scalar_slot != none) {
      copies_.push_back({find_case, capture(nodes_[to].scalar_slot), source.scalar_slot, none});
    }
    if (source.json_slot != none) {
      copies_.push_back({find_case, capture(nodes_[to].json_slot), source.json_slot, none});
    }
    if (source.document != none) {
      copies_.push_back({find_case, capture(nodes_[to].scalar_slot), none, source.document});
    }
    for (const auto& [name, child] : source.members) {
      std::uint16_t target = none;
      for (const auto& [known, node] : nodes_[to].members) {
        target = known == name ? node : target;
      }
      if (target == none) {
        target = new_node();
        nodes_[to].members.emplace_back(name, target);
        if (const auto index = json::step_index(name)) {
          nodes_[to].elements.push_back({static_cast<std::uint32_t>(*index), target});
        }
      }
      merge(target, child, find_case);
    }
  }

  [[nodiscard]] std::uint16_t capture_of_slot(std::uint16_t slot) const {
    for (const Copy& copy : copies_) {
      if (copy.slot == slot) {
        return copy.capture;
      }
    }
    return none;
  }

  /// Hash tables like the program's own, for all nodes.
  void index_members() {
    for (SaxNode& node : nodes_) {
      Node header;
      std::uint32_t bits = 2;
      while ((std::size_t{1} << bits) < node.members.size() * 4) {
        ++bits;
      }
      header.keys = static_cast<std::uint32_t>(tables_.keys.size());
      header.key_shift = 64 - bits;
      header.key_mask = (1U << bits) - 1;
      tables_.keys.resize(tables_.keys.size() + (std::size_t{1} << bits));
      for (const auto& [name, child] : node.members) {
        tables_.texts.push_back(std::make_unique<std::string>(name + std::string(8, '\0')));
        KeyEntry entry;
        entry.data = tables_.texts.back()->data();
        entry.size = static_cast<std::uint32_t>(name.size());
        entry.bytes = key_bytes(entry.data, name.size());
        entry.node = child;
        std::uint64_t at = key_hash(entry.bytes, name.size()) >> header.key_shift;
        while (tables_.keys[header.keys + (at & header.key_mask)].node != none) {
          ++at;
        }
        tables_.keys[header.keys + (at & header.key_mask)] = entry;
      }
      headers_.push_back(header);
    }
  }

  const Program& program_;
  std::uint16_t slot_count_ = 0;
  std::vector<SaxNode> nodes_;
  std::vector<Copy> copies_;
  std::vector<std::pair<std::size_t, std::size_t>> case_copies_; // by case: its part of copies_
  std::vector<std::uint16_t> where_captures_;                    // by find
  std::vector<Node> headers_;                                    // the hash tables of nodes_
  Program tables_;
};

/// Text in which RapidJSON overlooks errors: its SSE2 code takes the control characters 1A to 1F for letters, and it refuses the first
/// half of a surrogate pair without a second one, but not a second half that stands alone.
struct Suspects {
  bool controls = false;   ///< a control character that may stand nowhere in JSON
  bool surrogates = false; ///< an escape that may name half of a pair

  Suspects(const char* text, std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; ++i) {
      const auto letter = static_cast<unsigned char>(text[i]);
      controls = controls || (letter < 0x20 && letter != '\n' && letter != '\r' && letter != '\t');
      surrogates = surrogates || (letter == '\\' && i + 2 < size && text[i + 1] == 'u' && (text[i + 2] | 0x20) == 'd');
    }
  }
};

/// What a value is for.
struct Want {
  std::uint16_t node = none;
  std::uint16_t search = none;     ///< the same in a merged trie in which it lies too
  std::uint16_t element_of = none; ///< the node of the searched array of which it is an element
  bool record = false;             ///< it is a record
  bool path = false;               ///< the records are in it, or are it: where below it path_ says
  [[nodiscard]] bool anything() const noexcept { return node != none || search != none || path || element_of != none; }
};

/// A container that is being read and of which something is wanted.
struct Frame {
  Want want;
  bool object = false;
  bool records = false;   ///< the array of records
  bool done = false;      ///< nothing more is wanted of it
  std::size_t wanted = 0; ///< names that may still come
  std::uint64_t visit = 0;
  std::uint64_t index = 0; ///< of the next element
  std::size_t begin = 0;   ///< its bracket
};

/// RapidJSON's handler. Containers that nobody asks for are counted in and out; for the rest there is a stack of frames.
class Handler {
public:
  Handler(const Program& program, const SaxProgram& sax, RowBuilder& builder)
      : program_(program), sax_(sax), builder_(builder), visited_(sax.node_count(), 0),
        answered_(program.cases.size(), 0),
        captures_(static_cast<std::size_t>(sax.slot_count() - sax.first_capture())) {
    constexpr std::size_t frames = 160; // deeper than pointers go
    frames_.reserve(frames);
  }

  /// Strings have to be looked through for halves of surrogate pairs from now on.
  void expect_surrogates(bool expected) noexcept { surrogates_ = expected; }

  /// Parses the page in `text` (in situ), of which `original` is a copy.
  const char* read_page(char* text, PaddedBytes original, std::string_view pointer, PageRows& out) {
    Want want;
    want.path = true;
    path_ = pointer;
    found_ = false;
    const bool good = read(text, original.data, original.size, want, out);
    if (good && !found_) {
      fault_ = Fault::no_records;
    }
    return good && found_ ? text : nullptr;
  }

  [[nodiscard]] Fault fault() const noexcept { return fault_; }
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }

  // --- RapidJSON's events

  bool Null() { return scalar({Type::null, {}}, "null"); }
  bool Bool(bool flag) {
    return flag ? scalar({Type::true_, "true"}, "true") : scalar({Type::false_, "false"}, "false");
  }
  bool RawNumber(const char* text, SizeType size, bool /*copy*/) {
    const std::string_view number(text, size);
    return scalar({Type::number, number}, number);
  }
  bool String(const char* text, SizeType size, bool /*copy*/) {
    return !has_lone_surrogate({text, size}) && (!prepare() || string({text, size}));
  }
  bool Key(const char* text, SizeType size, bool /*copy*/) {
    if (has_lone_surrogate({text, size})) {
      return false;
    }
    if (ignored_ == 0) {
      key(text, size);
    }
    return true;
  }
  bool StartObject() { return start(true); }
  bool EndObject(SizeType /*members*/) { return end(); }
  bool StartArray() { return start(false); }
  bool EndArray(SizeType /*elements*/) { return end(); }

  // never called: numbers come as text
  bool Int(int /*number*/) { return false; }
  bool Uint(unsigned /*number*/) { return false; }
  bool Int64(std::int64_t /*number*/) { return false; }
  bool Uint64(std::uint64_t /*number*/) { return false; }
  bool Double(double /*number*/) { return false; }

private:
  bool read(char* text, const char* original, std::size_t size, const Want& want, PageRows& out) {
    InsituStringStream stream(text);
    out_ = &out;
    slots_ = builder_.slots();
    original_ = original;
    stream_ = &stream;
    frames_.clear();
    ignored_ = 0;
    depth_ = 0;
    fault_ = Fault::syntax;
    next_ = want;
    const auto result = reader_.Parse<parse_flags>(stream, *this);
    offset_ = result.Offset();
    if (result.IsError()) {
      if (result.Code() == rapidjson_sax::kParseErrorNumberTooBig) {
        fault_ = Fault::oracle_number;
      }
      return false;
    }
    return stream.Tell() == size; // else a NUL byte ended it
  }

  bool fail(Fault fault) noexcept {
    fault_ = fault;
    return false;
  }

  [[nodiscard]] bool has_lone_surrogate(std::string_view text) const noexcept {
    if (!surrogates_) {
      return false;
    }
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] == '\xED' && static_cast<unsigned char>(text[i + 1]) >= 0xA0) {
        return true;
      }
    }
    return false;
  }

  RawValue& slot(std::uint16_t index) {
    return index >= sax_.first_capture() ? captures_[static_cast<std::size_t>(index - sax_.first_capture())]
                                         : slots_[index];
  }

  void key(const char* text, std::size_t size) {
    Frame& frame = frames_.back();
    next_ = {};
    if (frame.done) {
      return;
    }
    if (frame.want.path) {
      if (is_step(first_step(path_), {text, size})) {
        below(frame);
      }
      return;
    }
    next_.node = member(frame, frame.want.node, text, size);
    next_.search = member(frame, frame.want.search, text, size);
    frame.done = frame.wanted == 0;
  }

  static std::string_view first_step(std::string_view pointer) { return pointer.substr(1, pointer.find('/', 1) - 1); }

  /// The next value lies on the way to the records.
  void below(Frame& frame) {
    frame.done = true;
    next_.path = true;
    path_ = path_.substr(first_step(path_).size() + 1);
  }

  std::uint16_t member(Frame& frame, std::uint16_t node, const char* text, std::size_t size) {
    if (node == none) {
      return none;
    }
    const std::uint16_t child = sax_.find_member(node, text, size);
    if (child == none || visited_[child] == frame.visit) { // of members with one name the first counts
      return none;
    }
    visited_[child] = frame.visit;
    --frame.wanted;
    return child;
  }

  /// Before each value: next_ says what it is for. False when it is for nothing.
  bool prepare() {
    if (ignored_ != 0) {
      return false;
    }
    if (!frames_.empty() && !frames_.back().object) {
      element(frames_.back());
    }
    return next_.anything();
  }

  void element(Frame& frame) {
    next_ = {};
    const std::uint64_t index = frame.index++;
    if (frame.records) {
      next_.record = true;
      next_.node = 0;
      return;
    }
    if (frame.done) {
      return;
    }
    if (frame.want.path) {
      if (json::step_index(first_step(path_)) == index) {
        below(frame);
      }
      return;
    }
    next_.node = element_at(frame.want.node, index);
    next_.search = element_at(frame.want.search, index);
    if (frame.want.node != none && sax_.node(frame.want.node).search != none) {
      next_.search = sax_.node(frame.want.node).search;
      next_.element_of = frame.want.node;
    }
  }

  [[nodiscard]] std::uint16_t element_at(std::uint16_t node, std::uint64_t index) const {
    if (node != none) {
      for (const ArrayEntry& entry : sax_.node(node).elements) {
        if (entry.index == index) {
          return entry.node;
        }
      }
    }
    return none;
  }

  /// Before the first event of a record, or of an element of a searched array.
  bool begin_unit() {
    if (next_.record) {
      if (builder_.records() == limits::max_records_per_page) {
        return fail(Fault::too_many);
      }
      builder_.begin_record();
      ++record_;
    }
    if (next_.element_of != none) {
      std::fill(captures_.begin(), captures_.end(), RawValue());
    }
    return true;
  }

  bool end_unit(const Want& want) {
    if (want.element_of != none && !end_element(sax_.node(want.element_of))) {
      return false;
    }
    if (want.record) {
      builder_.end_record();
    }
    return true;
  }

  bool scalar(const RawValue& value, std::string_view source) {
    if (!prepare()) {
      return true;
    }
    if (next_.path) {
      found_ = path_.empty() && value.type == Type::null;
      return found_ || fail(Fault::no_records);
    }
    if (next_.record && value.type == Type::null) {
      if (builder_.records() == limits::max_records_per_page) {
        return fail(Fault::too_many);
      }
      builder_.null_record();
      return true;
    }
    if (!begin_unit()) {
      return false;
    }
    const RawValue as_json(value.type == Type::null ? Type::null : Type::json, source);
    return store(next_.node, value, as_json) && store(next_.search, value, as_json) && end_unit(next_);
  }

  bool string(std::string_view text) {
    if (next_.path) {
      return fail(Fault::no_records);
    }
    if (!begin_unit()) {
      return false;
    }
    const bool nul = std::memchr(text.data(), 0, text.size()) != nullptr;
    const RawValue value(nul ? Type::nul_text : Type::string, text);
    RawValue as_json;
    if (takes_json(next_.node) || takes_json(next_.search)) {
      as_json = {nul ? Type::nul_json : Type::json, string_source()};
    }
    return store(next_.node, value, as_json) && store(next_.search, value, as_json) && end_unit(next_);
  }

  bool store(std::uint16_t index, const RawValue& value, const RawValue& as_json) {
    if (index == none) {
      return true;
    }
    const SaxNode& node = sax_.node(index);
    if (node.scalar_slot != none) {
      slot(node.scalar_slot) = value;
    }
    if (node.json_slot != none) {
      slot(node.json_slot) = as_json;
    }
    return node.document == none || read_document(node.document, value);
  }

  [[nodiscard]] bool takes_json(std::uint16_t node) const { return node != none && sax_.node(node).json_slot != none; }

  /// The source of the string whose event this is: RapidJSON has not moved its stream yet.
  [[nodiscard]] std::string_view string_source() const {
    const char* const begin = original_ + stream_->Tell();
    const char* p = begin + 1;
    while (*p != '"') {
      p += *p == '\\' ? 2 : 1;
    }
    return {begin, static_cast<std::size_t>(p + 1 - begin)};
  }

  bool start(bool object) {
    if (++depth_ > limits::max_json_depth) {
      return fail(Fault::too_deep);
    }
    if (!prepare()) {
      ++ignored_;
      return true;
    }
    Frame frame;
    frame.object = object;
    frame.begin = stream_->Tell() - 1;
    if (next_.path && path_.empty()) {
      found_ = true;
      next_.path = false;
      frame.records = !object;
      next_.record = object;
      next_.node = object ? 0 : none;
    }
    if (!next_.path && !frame.records) {
      if (!begin_unit()) {
        return false;
      }
      frame.wanted = object ? members(next_.node) + members(next_.search) : 0;
      frame.done = object ? frame.wanted == 0 : !has_elements(next_.node) && !has_elements(next_.search);
    }
    frame.want = next_;
    frame.visit = ++visits_;
    frames_.push_back(frame);
    next_ = {};
    return true;
  }

  [[nodiscard]] std::size_t members(std::uint16_t node) const {
    return node == none ? 0 : sax_.node(node).members.size();
  }
  [[nodiscard]] bool has_elements(std::uint16_t node) const {
    return node != none && (!sax_.node(node).elements.empty() || sax_.node(node).search != none);
  }

  bool end() {
    --depth_;
    if (ignored_ != 0) {
      --ignored_;
      return true;
    }
    const Frame frame = frames_.back();
    frames_.pop_back();
    if (frame.want.path && !frame.done) {
      return fail(Fault::no_records);
    }
    if (frame.want.path || frame.records) {
      return true;
    }
    const std::string_view source(original_ + frame.begin, stream_->Tell() - frame.begin);
    const RawValue value(frame.object ? Type::object : Type::array, source);
    return end_container(frame.want.node, value) && end_container(frame.want.search, value) && end_unit(frame.want);
  }

  bool end_container(std::uint16_t index, const RawValue& value) {
    const bool as_json = index != none && sax_.node(index).json_slot != none;
    return store(index, value,
                 as_json ? checked_json(value.text(), limits::max_json_depth, out_->arena()) : RawValue());
  }

  /// The element is complete: what it captured goes to the finds that it answers.
  bool end_element(const SaxNode& array) {
    for (std::size_t i = array.finds; i < std::size_t{array.finds} + array.find_count; ++i) {
      const auto text = scalar_text(slot(sax_.where_capture(i)));
      const FindCase* const found = text ? program_.find_case(program_.finds[i], *text) : nullptr;
      if (found == nullptr) {
        continue;
      }
      const auto find_case = static_cast<std::size_t>(found - program_.cases.data());
      if (answered_[find_case] == record_) {
        continue;
      }
      answered_[find_case] = record_;
      for (const Copy& copy : sax_.copies_of(find_case)) {
        if (copy.document == none) {
          slots_[copy.slot] = slot(copy.capture);
        } else if (!read_document(copy.document, slot(copy.capture))) {
          return false;
        }
      }
    }
    return true;
  }

  bool read_document(std::uint16_t root, const RawValue& value) {
    if (value.is_null() || (value.type == Type::string && value.size == 0)) {
      return true;
    }
    if (value.type != Type::string && value.type != Type::nul_text) {
      no_document(root, Type::no_document, value.text());
      return true;
    }
    if (documents_ == nullptr) {
      documents_ = std::make_unique<Handler>(program_, sax_, builder_);
    }
    char* const copy = out_->arena().allocate(value.size + limits::json_padding);
    std::memcpy(copy, value.data, value.size);
    std::memset(copy + value.size, 0, limits::json_padding);
    const Suspects suspects(value.data, value.size);
    documents_->expect_surrogates(suspects.surrogates);
    Want want;
    want.node = root;
    if (value.type == Type::string && !suspects.controls &&
        documents_->read(copy, value.data, value.size, want, *out_)) {
      return true;
    }
    if (value.type == Type::string && documents_->fault() == Fault::oracle_number) {
      return fail(Fault::oracle_number);
    }
    no_document(root, Type::bad_document, value.text());
    return true;
  }

  void no_document(std::uint16_t root, Type type, std::string_view text) {
    for (const auto& [known, slots] : program_.documents) {
      if (known == root) {
        for (const std::uint16_t index : slots) {
          slots_[index] = {type, text};
        }
      }
    }
  }

  const Program& program_;
  const SaxProgram& sax_;
  RowBuilder& builder_;
  std::vector<std::uint64_t> visited_;
  std::vector<std::uint64_t> answered_; // by case: the record in which it was answered
  std::vector<RawValue> captures_;
  std::vector<Frame> frames_;
  std::unique_ptr<Handler> documents_; // for documents in strings
  rapidjson_sax::Reader reader_;
  Want next_;
  std::uint64_t visits_ = 0;
  std::uint64_t record_ = 0;
  std::size_t ignored_ = 0;
  std::size_t depth_ = 0;
  std::size_t offset_ = 0;
  bool found_ = false;
  bool surrogates_ = false; ///< the source has escapes that may name halves of pairs
  Fault fault_ = Fault::syntax;
  PageRows* out_ = nullptr;
  RawValue* slots_ = nullptr;
  const char* original_ = nullptr;
  InsituStringStream* stream_ = nullptr;
  std::string_view path_; ///< what is left of the pointer to the records
};

class SaxMapper final : public RapidJsonMapper {
public:
  SaxMapper(const Program& program, const Redactor* redactor)
      : program_(program), sax_(program), builder_(program, redactor), handler_(program, sax_, builder_) {}

  Result<PageStats> map(PaddedBytes body, std::string_view records_pointer, std::span<const Constant> constants,
                        PageRows& out) override {
    builder_.begin_page(constants, out);
    if (body.size > limits::max_page_bytes) {
      return page_error(Fault::too_large, 0, records_pointer);
    }
    char* const copy = out.arena().allocate(body.size + limits::json_padding);
    std::memcpy(copy, body.data, body.size);
    std::memset(copy + body.size, 0, limits::json_padding);
    const Suspects suspects(body.data, body.size);
    if (suspects.controls) {
      out.reset(program_.columns);
      return page_error(Fault::syntax, 0, records_pointer);
    }
    handler_.expect_surrogates(suspects.surrogates);
    return run(copy, body, records_pointer, out);
  }

  Result<PageStats> map_in_situ(char* page, PaddedBytes original, std::string_view records_pointer,
                                std::span<const Constant> constants, PageRows& out) override {
    builder_.begin_page(constants, out);
    return run(page, original, records_pointer, out);
  }

private:
  Result<PageStats> run(char* page, PaddedBytes original, std::string_view pointer, PageRows& out) {
    Fault fault = Fault::utf8;
    std::size_t offset = 0;
    if (!pointer.empty() && pointer.front() != '/') {
      fault = Fault::bad_pointer;
    } else if (page_is_utf8(original.data, original.data + original.size)) {
      if (handler_.read_page(page, original, pointer, out) != nullptr) {
        return builder_.take_stats();
      }
      fault = handler_.fault();
      offset = handler_.offset();
    }
    out.reset(program_.columns);
    return page_error(fault, offset, pointer);
  }

  const Program& program_;
  SaxProgram sax_;
  RowBuilder builder_;
  Handler handler_;
};

} // namespace

std::unique_ptr<PageMapper> make_rapidjson_mapper(const Program& program, const Redactor* redactor) {
  return std::make_unique<SaxMapper>(program, redactor);
}

std::unique_ptr<RapidJsonMapper> make_in_situ_mapper(const Program& program, const Redactor* redactor) {
  return std::make_unique<SaxMapper>(program, redactor);
}

} // namespace dovetail::mapping
