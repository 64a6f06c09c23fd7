// SPDX-License-Identifier: Apache-2.0
#include "conformance_reader.hpp"

#include <algorithm>
#include <utility>

#include "dovetail/sdk/json_writer.hpp"

namespace dovetail::testing {

namespace {

using Kind = sdk::JsonValue::Kind;

/// Of one pass: a plugin that needs more has no small world.
constexpr std::size_t max_pages = 20'000;

[[nodiscard]] std::string text_of(const JsonNode* node) {
  if (node == nullptr || node->kind == Kind::null) {
    return {};
  }
  return node->kind == Kind::string ? node->string : std::string(node->raw);
}

/// A record with its page's constants, read.
class ReadRecord {
public:
  [[nodiscard]] static sdk::Result<ReadRecord> of(const std::string& record, const std::string& constants) {
    ReadRecord read;
    DVT_TRY(read.record_, JsonTree::parse(record));
    DVT_TRY(read.constants_, JsonTree::parse(constants.empty() ? "{}" : constants));
    return read;
  }
  [[nodiscard]] const JsonNode* find(const ValueSource& source) const {
    return source.kind == ValueSource::Kind::pointer         ? record_->root().find(source.text)
           : source.kind == ValueSource::Kind::page_constant ? constants_->root().find("/" + source.text)
                                                             : nullptr;
  }
  [[nodiscard]] std::string text(const ValueSource& source) const {
    return source.kind == ValueSource::Kind::constant ? source.text : text_of(find(source));
  }
  [[nodiscard]] std::string json(const ValueSource& source) const {
    if (source.kind == ValueSource::Kind::constant) {
      return sdk::JsonWriter().value(source.text).take();
    }
    const auto* node = find(source);
    return node == nullptr ? "null" : std::string(node->raw);
  }
  [[nodiscard]] bool says_gone(const ConformanceObject& object) const {
    const auto& sign = object.gone_when;
    return sign && std::find(sign->values.begin(), sign->values.end(), json(sign->from)) != sign->values.end();
  }
  /// What a mapping could see, one line a field.
  [[nodiscard]] std::string line(const ConformanceObject& object) const {
    std::string line;
    for (const auto& pointer : object.fields) {
      const auto* node = record_->root().find(pointer);
      line += pointer + "=" + (node == nullptr ? "-" : std::string(node->raw)) + "\n";
    }
    return line + "constants=" + constants_->text() + "\n";
  }

private:
  std::shared_ptr<const JsonTree> record_;
  std::shared_ptr<const JsonTree> constants_;
};

} // namespace

ConformanceReader::ConformanceReader(const ConformanceProvider& provider, const std::vector<ConformanceObject>& objects,
                                     ConformanceWorld& world, std::size_t account)
    : provider_(provider), objects_(objects), world_(world), account_(account) {}

sdk::Status ConformanceReader::open() {
  if (const auto manifest = JsonTree::parse(provider_.manifest); manifest.ok()) {
    if (const auto* settings = (*manifest)->root().find("/settings"); settings != nullptr) {
      settings_ = settings->raw;
    }
  }
  if (provider_.query != nullptr) {
    host_ = std::make_unique<FakeHost>(provider_.query);
  } else {
    DVT_TRY(host_, FakeHost::open(provider_.plugin_file));
  }
  host_->http().set_handler([this](const SentRequest& sent) -> std::optional<Reply> {
    auto reply = intercept ? intercept(sent) : std::nullopt;
    if (!reply) {
      reply = world_.answer(account_, sent);
      if (spoil) {
        spoil(sent, *reply);
      }
    }
    return reply;
  });
  return restart();
}

sdk::Status ConformanceReader::restart() {
  return host_->create(world_.config(account_), settings_, world_.base_url());
}

void ConformanceReader::begin(bool full, bool fresh) {
  host_->set_now(world_.now());
  full_ = full;
  fresh_ = fresh;
  at_ = 0;
  pass_keys_.clear();
  plan_object();
}

void ConformanceReader::plan_object() {
  seen_.clear();
  tasks_.clear();
  if (object().parent.empty()) {
    tasks_.emplace_back();
    return;
  }
  std::vector<std::string> parents;
  for (const auto& [id, row] : kept_[object().parent].rows) {
    if (!object().changed_parents || full_ || kept().queue.contains(id)) {
      parents.push_back(id);
    }
  }
  const std::size_t batch = object().changed_parents ? object().batch : 1;
  for (std::size_t i = 0; i < parents.size(); i += batch) {
    Task task;
    task.parents.assign(parents.begin() + static_cast<std::ptrdiff_t>(i),
                        parents.begin() + static_cast<std::ptrdiff_t>(std::min(i + batch, parents.size())));
    tasks_.push_back(std::move(task));
  }
  std::reverse(tasks_.begin(), tasks_.end());
}

void ConformanceReader::finish_object() {
  // As the engine has it: what offers no delta is read as a whole every time.
  const bool whole = full_ || (!object().delta && !object().changed_parents);
  if (!whole || !object().sweeps) {
    return;
  }
  auto& rows = kept().rows;
  for (auto row = rows.begin(); row != rows.end();) {
    if (seen_.contains(row->first)) {
      ++row;
    } else {
      rows_[object().key].erase(row->first);
      row = rows.erase(row);
    }
  }
}

std::string ConformanceReader::parents_json(const Task& task) const {
  if (task.parents.empty()) {
    return "[]";
  }
  const auto& rows = kept_.at(object().parent).rows;
  std::string json = "[";
  for (const auto& id : task.parents) {
    json += std::string(json.size() > 1 ? "," : "") + R"({"external_id":)" + sdk::JsonWriter().value(id).take();
    const auto& row = rows.at(id);
    if (const auto record = ReadRecord::of(row.record, row.constants); record.ok()) {
      for (const auto& [name, source] : object().parent_fields) {
        json += "," + sdk::JsonWriter().value(name).take() + ":" + record->json(source);
      }
    }
    json += "}";
  }
  return json + "]";
}

PageRequest ConformanceReader::request_for(const Task& task) const {
  PageRequest request;
  request.object = object().key;
  request.cursor = task.cursor;
  request.parents = parents_json(task);
  request.fields = object().fields;
  request.full = full_ || (!object().delta && !object().changed_parents);
  request.fresh = fresh_;
  if (!request.full && object().delta) {
    const auto& marks = kept_.at(object().key).marks;
    if (const auto mark = marks.find(task.parents.empty() ? "" : task.parents.front()); mark != marks.end()) {
      request.since = mark->second - object().overlap;
    }
  }
  return request;
}

RecordedPage ConformanceReader::read(const PageRequest& request) {
  host_->state() = kept().state;
  auto& known = host_->known_page_keys();
  known.clear();
  for (const auto& [key, ids] : kept().page_rows) {
    known.insert(key);
  }
  return host_->read_page(request);
}

sdk::Status ConformanceReader::keep(const std::string& record, const std::string& constants,
                                    std::set<std::string>& ids) {
  DVT_TRY(const auto read, ReadRecord::of(record, constants));
  std::string id;
  for (const auto& part : object().external_id) {
    id += read.text(part);
  }
  if (id.empty()) {
    return {}; // the engine counts it as failed
  }
  if (read.says_gone(object())) {
    kept().rows.erase(id);
    if (const auto rows = rows_.find(object().key); rows != rows_.end()) {
      rows->second.erase(id);
    }
    return {};
  }
  ids.insert(id);
  seen_.insert(id);
  std::string line = read.line(object());
  std::string& row = rows_[object().key][id];
  if (row != line) {
    row = std::move(line);
    for (const auto& child : objects_) {
      if (child.parent == object().key && child.changed_parents) {
        kept_[child.key].queue.insert(id);
      }
    }
  }
  kept().rows[id] = {record, constants};
  return {};
}

void ConformanceReader::watch(Task& task, const RecordedPage& page) {
  const std::string where = "object " + object().key + ": ";
  if (!page.exhausted && !task.cursors.insert(page.next_cursor).second) {
    breaches_.push_back(where + "the cursor " + page.next_cursor + " comes a second time: such a read never ends");
  }
  if (++pages_ > max_pages) {
    breaches_.push_back(where + "no end after " + std::to_string(max_pages) + " pages");
  }
}

sdk::Status ConformanceReader::store(Task& task, const RecordedPage& page) {
  for (const auto& part : page.records) {
    std::set<std::string> ids;
    for (const auto& record : part.records) {
      DVT_TRY_STATUS(keep(record, part.constants, ids));
    }
    if (!part.page_key.empty()) {
      kept().page_rows[part.page_key] = std::move(ids);
      pass_keys_[object().key].insert(part.page_key);
    }
  }
  for (const auto& key : page.unchanged) {
    const auto& ids = kept().page_rows[key];
    seen_.insert(ids.begin(), ids.end());
    pass_keys_[object().key].insert(key);
  }
  kept().state = host_->state(); // the host has put the page's own into it
  if (page.high_water) {
    task.mark = page.high_water; // the last one of a read counts
  }
  if (page.exhausted && task.mark) {
    kept().marks[task.parents.empty() ? "" : task.parents.front()] = *task.mark;
  }
  return {};
}

ConformanceReader::Step ConformanceReader::step() {
  if (at_ == objects_.size()) {
    return Step::done;
  }
  while (tasks_.empty()) {
    finish_object();
    if (++at_ == objects_.size()) {
      return Step::done;
    }
    plan_object();
  }
  Task& task = tasks_.back();
  const auto request = request_for(task);
  if (crash_at_every_page) {
    static_cast<void>(read(request)); // read, and lost with its process before it was stored
    if (auto made = restart(); !made.ok()) {
      error_ = made.error();
      return Step::failed;
    }
  }
  const auto page = read(request);
  auto status = page.status.ok() ? store(task, page) : page.status;
  if (!status.ok()) {
    error_ = status.error().in("object " + object().key);
    return Step::failed;
  }
  watch(task, page);
  if (!breaches_.empty()) {
    error_ = sdk::make_error(sdk::Code::internal, breaches_.back());
    return Step::failed;
  }
  task.cursor = page.next_cursor;
  if (page.exhausted) {
    for (const auto& parent : task.parents) {
      kept().queue.erase(parent);
    }
    tasks_.pop_back();
  }
  return Step::more;
}

sdk::Status ConformanceReader::run(std::size_t failures) {
  for (;;) {
    const auto went = step();
    if (went == Step::done) {
      return {};
    }
    if (went == Step::failed && (!breaches_.empty() || failures-- == 0)) {
      return error();
    }
  }
}

sdk::Status ConformanceReader::pass(bool full, std::size_t failures) {
  begin(full);
  return run(failures);
}

} // namespace dovetail::testing
