// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/store/engine.hpp"
#include "core/store/session_pool.hpp"

namespace dovetail::store::detail {
namespace {

std::string system_message(const std::string& what) { return what + ": " + std::system_category().message(errno); }

/// A file whose flock is the only thing about it. Closed, and so unlocked, on destruction.
class LockFile {
public:
  [[nodiscard]] static Result<std::unique_ptr<LockFile>> open(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor < 0) {
      return unavailable(system_message("opening " + path));
    }
    return std::make_unique<LockFile>(descriptor);
  }
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  LockFile(LockFile&&) = delete;
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  [[nodiscard]] bool try_lock() const noexcept { return ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0; }
  void unlock() const noexcept { ::flock(descriptor_, LOCK_UN); }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }

private:
  int descriptor_;
};

/// Takes a lock that another process may hold for as long as its transaction lasts. Real time, whatever clock the program runs
/// on: it is the other process that has to get on.
Status wait_for_lock(const LockFile& file, std::chrono::milliseconds limit, const std::string& description) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::chrono::microseconds pause{200};
  while (!file.try_lock()) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return unavailable(system_message("locking " + description));
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      Error error = resource_exhausted(description + ": another process has been writing for " +
                                       std::to_string(limit.count()) + " ms; wait for it to end, or end it");
      error.retry = RetryClass::transient;
      return error;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(20'000));
  }
  return {};
}

class SqliteEngine final : public Engine {
public:
  SqliteEngine(DatabaseOptions options, Clock& clock, Random& random, Logger& logger, std::unique_ptr<LockFile> lock)
      : Engine(std::move(options), clock, random, logger), write_lock_(std::move(lock)),
        readers_(options_.max_readers, options_.wait_limit,
                 [path = options_.location] { return open_sqlite(path, SqliteMode::read); }) {}
  SqliteEngine(const SqliteEngine&) = delete;
  SqliteEngine& operator=(const SqliteEngine&) = delete;
  SqliteEngine(SqliteEngine&&) = delete;
  SqliteEngine& operator=(SqliteEngine&&) = delete;
  ~SqliteEngine() override {
    readers_.drop_idle();
    // Closing the last connection checkpoints: under the lock, like every checkpoint. Without it (another process is stuck)
    // the log stays, which loses nothing.
    const bool locked = writer_ != nullptr && wait_for_lock(*write_lock_, options_.wait_limit, options_.location).ok();
    if (writer_ != nullptr && !locked) {
      sqlite3_db_config(writer_->sqlite(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
    writer_.reset();
  }

  [[nodiscard]] Status open_writer() {
    DOVETAIL_TRY_STATUS(wait_for_lock(*write_lock_, options_.wait_limit, options_.location));
    auto opened = open_sqlite(options_.location, SqliteMode::write);
    write_lock_->unlock();
    if (!opened.ok()) {
      return std::move(opened).error();
    }
    writer_ = std::move(opened).value();
    return {};
  }

  [[nodiscard]] Dialect dialect() const noexcept override { return Dialect::sqlite; }
  [[nodiscard]] const std::string& description() const noexcept override { return options_.location; }
  [[nodiscard]] Result<DaemonLock> lock_daemon() override;
  [[nodiscard]] Status settle(DeferredCommit& commit) override;

protected:
  [[nodiscard]] Status attempt(const Scope& scope, const Work& work) override {
    return scope.write ? write(scope, work) : read(scope, work);
  }

private:
  [[nodiscard]] Status read(const Scope& scope, const Work& work);
  [[nodiscard]] Status write(const Scope& scope, const Work& work);
  [[nodiscard]] Status work_as_member(const Scope& scope, const Work& work, bool no_savepoint);
  /// Ends the group that the calling thread has the writer for.
  void end_group(std::unique_lock<std::mutex>& lock, bool lost);
  [[nodiscard]] Status begin();
  [[nodiscard]] Status commit();
  void roll_back();

  const std::unique_ptr<LockFile> write_lock_; ///< keeps the writers of other processes out; see sqlite_session.cpp
  SessionPool readers_;
  std::unique_ptr<Session> writer_; ///< used by the thread that set writing_

  std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_
  bool writing_ = false; ///< some thread uses writer_
  std::size_t waiting_ = 0;
  std::shared_ptr<CommitGroup> group_; ///< open: its transaction has begun
};

Status SqliteEngine::read(const Scope& scope, const Work& work) {
  DOVETAIL_TRY(const auto session, readers_.acquire());
  DOVETAIL_TRY_STATUS(session->execute("BEGIN", "beginning to read"));
  Transaction transaction(*session, scope.tenant);
  Status status = call(work, transaction);
  const Status ended = session->execute("ROLLBACK", "ending to read");
  return status.ok() ? ended : status;
}

// Whoever finds nobody waiting ends the group; whoever leaves it open has seen somebody wait, who will come and do the same. So
// a group always ends, and a lone writer never waits. A deferred member leaves it open for its own next one, or for settle().
Status SqliteEngine::write(const Scope& scope, const Work& work) {
  const bool deferred = scope.deferred != nullptr;
  std::unique_lock lock(mutex_);
  ++waiting_;
  changed_.wait(lock, [this] { return !writing_; });
  --waiting_;
  if (deferred && group_of(*scope.deferred) != nullptr && group_of(*scope.deferred) != group_) {
    // Somebody else ended it. What it came to is told before anything is built on it.
    const std::shared_ptr<CommitGroup> ended = std::exchange(group_of(*scope.deferred), nullptr);
    if (!ended->outcome.ok()) {
      group_of(*scope.deferred) = ended;
      changed_.notify_all();
      return failed_precondition("an earlier transaction of this row was not committed: " +
                                 ended->outcome.error().message);
    }
    overtake(*scope.deferred);
  }
  writing_ = true;
  if (group_ == nullptr) {
    lock.unlock();
    Status begun = begin();
    lock.lock();
    if (!begun.ok()) {
      writing_ = false;
      changed_.notify_all();
      return begun;
    }
    group_ = std::make_shared<CommitGroup>();
  }
  const std::shared_ptr<CommitGroup> group = group_;
  // Rolling back to a savepoint needs a copy of each page that is changed behind it. Where failing may undo the whole group, there is none.
  const bool no_savepoint = deferred || group->members == 0;
  lock.unlock();
  Status own = work_as_member(scope, work, no_savepoint);
  lock.lock();
  group->members += own.ok() ? 1U : 0U;
  // After some errors (disk full, I/O) SQLite has already rolled back everything: https://www.sqlite.org/lang_transaction.html
  const bool lost = sqlite3_get_autocommit(writer_->sqlite()) != 0;
  const bool undo = !own.ok() && no_savepoint && !lost;
  if (deferred && (own.ok() || group_of(*scope.deferred) == group)) {
    group_of(*scope.deferred) = group;
  }
  if (lost || undo || (waiting_ == 0 && !deferred) || group->members >= options_.max_group_commit) {
    if (undo) {
      lock.unlock();
      roll_back();
      lock.lock();
    }
    end_group(lock, lost || undo);
    return own.ok() ? group->outcome : own;
  }
  writing_ = false;
  changed_.notify_all();
  if (!own.ok() || deferred) {
    return own;
  }
  changed_.wait(lock, [&] { return group->done; });
  return group->outcome;
}

void SqliteEngine::end_group(std::unique_lock<std::mutex>& lock, bool lost) {
  const std::shared_ptr<CommitGroup> group = group_;
  Status outcome;
  if (lost) {
    outcome = aborted("the transaction was rolled back, and those that were to be committed with it");
  }
  lock.unlock();
  if (lost) {
    write_lock_->unlock();
  } else if (group->members == 0) {
    roll_back();
  } else {
    outcome = commit();
  }
  lock.lock();
  group->outcome = std::move(outcome);
  group->done = true;
  group_ = nullptr;
  writing_ = false;
  changed_.notify_all();
}

Status SqliteEngine::settle(DeferredCommit& commit) {
  const std::shared_ptr<CommitGroup> group = std::exchange(group_of(commit), nullptr);
  if (group == nullptr) {
    return {};
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return group->done || !writing_; });
  if (!group->done) {
    writing_ = true;
    end_group(lock, false);
  }
  Status outcome = group->outcome;
  if (!outcome.ok() && outcome.error().code == ErrorCode::aborted) {
    Error error = std::move(outcome).error();
    error.retry = RetryClass::never; // what was rolled back cannot be done again from here
    return error;
  }
  return outcome;
}

Status SqliteEngine::work_as_member(const Scope& scope, const Work& work, bool no_savepoint) {
  Transaction transaction(*writer_, scope.tenant);
  if (no_savepoint) {
    return call(work, transaction);
  }
  DOVETAIL_TRY_STATUS(writer_->execute("SAVEPOINT dovetail_member", "beginning a transaction"));
  Status status = call(work, transaction);
  if (!status.ok()) {
    if (sqlite3_get_autocommit(writer_->sqlite()) != 0) {
      return status;
    }
    DOVETAIL_TRY_STATUS(writer_->execute("ROLLBACK TO SAVEPOINT dovetail_member", "rolling a transaction back"));
  }
  DOVETAIL_TRY_STATUS(writer_->execute("RELEASE SAVEPOINT dovetail_member", "ending a transaction"));
  return status;
}

Status SqliteEngine::begin() {
  DOVETAIL_TRY_STATUS(wait_for_lock(*write_lock_, options_.wait_limit, options_.location));
  Status status = writer_->execute("BEGIN IMMEDIATE", "beginning to write");
  if (!status.ok()) {
    write_lock_->unlock();
  }
  return status;
}

Status SqliteEngine::commit() {
  Status status = writer_->execute("COMMIT", "committing");
  if (!status.ok()) {
    if (sqlite3_get_autocommit(writer_->sqlite()) == 0) {
      roll_back();
      return status;
    }
    // The log was written and its flush failed, perhaps: the next recovery may find the commit or not.
    status = unknown_commit(options_.location);
  }
  write_lock_->unlock();
  return status;
}

void SqliteEngine::roll_back() {
  if (const Status status = writer_->execute("ROLLBACK", "rolling back"); !status.ok()) {
    logger_.error("a rollback failed", {{"reason", status.error().message}});
  }
  write_lock_->unlock();
}

Result<DaemonLock> SqliteEngine::lock_daemon() {
  const std::string path = options_.location + ".daemon-lock";
  DOVETAIL_TRY(const auto file, LockFile::open(path));
  std::array<char, 32> text{};
  if (!file->try_lock()) {
    const ssize_t length = ::pread(file->descriptor(), text.data(), text.size() - 1, 0);
    const std::string holder =
        length > 0 ? " (process " + std::string(text.data(), static_cast<std::size_t>(length)) + ")" : "";
    return failed_precondition("another daemon" + holder + " works on " + options_.location +
                               ": stop it first, or give several daemons a PostgreSQL database");
  }
  const std::string id = std::to_string(::getpid());
  if (::ftruncate(file->descriptor(), 0) != 0 ||
      ::pwrite(file->descriptor(), id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
    return unavailable(system_message("writing " + path));
  }
  return DaemonLock(file->release());
}

/// Makes the file, so that it is its owner's only from its first moment; SQLite gives its log and index the same permissions.
Status create_file(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code failure;
  if (!folder.empty() && !std::filesystem::exists(folder, failure)) {
    std::filesystem::create_directories(folder, failure);
    if (failure) {
      return unavailable("making the folder " + folder.string() + ": " + failure.message());
    }
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failure);
  }
  // Only where it is missing: to close a descriptor of an existing file would drop the locks that this process holds on it
  // through SQLite (fcntl(2)).
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor >= 0) {
    ::close(descriptor);
  } else if (errno != EEXIST) {
    return unavailable(system_message("making the database " + path));
  }
  return {};
}

} // namespace

Result<std::unique_ptr<Engine>> open_sqlite_engine(DatabaseOptions options, Clock& clock, Random& random,
                                                   Logger& logger) {
  if (options.location == ":memory:" || options.location.starts_with("file:")) {
    return invalid_argument("the database must be a path or a postgresql:// URL: several connections share it, so it "
                            "cannot be in memory");
  }
  if (options.location.find("://") != std::string::npos) {
    return invalid_argument(
        "the database is a URL of an unknown kind: only postgresql:// is supported, or the path of a file");
  }
  DOVETAIL_TRY_STATUS(create_file(options.location));
  DOVETAIL_TRY(auto lock, LockFile::open(options.location + ".write-lock"));
  auto engine = std::make_unique<SqliteEngine>(std::move(options), clock, random, logger, std::move(lock));
  DOVETAIL_TRY_STATUS(engine->open_writer());
  return std::unique_ptr<Engine>(std::move(engine));
}

} // namespace dovetail::store::detail
