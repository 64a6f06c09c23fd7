// SPDX-License-Identifier: Apache-2.0
#include "core/store/sqlite_log_vfs.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

#include <sqlite3.h>

namespace dovetail::store::detail {
namespace {

// As much as the largest page: the default VFS writes no more than 128 KiB at once (it fails with more), and larger pieces bring little.
constexpr int piece_bytes = 64 * 1024;
constexpr int needed_version = 3; // of the default VFS and its files: those of every Unix since 2012

// Number of the lock that a writer holds from before its first frame until after its commit or rollback.
constexpr int write_lock = 0;

/// A database or its log, in the room that SQLite gives; the default VFS's own file follows it. Used by one thread at a time, as its connection is.
struct File : ::sqlite3_file {
  File* log = nullptr;      ///< of a database, while it is open
  File* database = nullptr; ///< of a log
  // Of a log: `size` bytes that belong at `offset` and are not written yet.
  std::unique_ptr<char[]> piece; // NOLINT(*-avoid-c-arrays)
  int size = 0;
  ::sqlite3_int64 offset = 0;
  int failed = SQLITE_OK; ///< of a log: what became of bytes that were taken already, until their transaction is over

  [[nodiscard]] ::sqlite3_file* real() noexcept {
    return reinterpret_cast<::sqlite3_file*>(reinterpret_cast<std::byte*>(this) +
                                             sizeof(File)); // NOLINT(*-reinterpret-cast)
  }
};
static_assert(sizeof(File) % alignof(std::max_align_t) == 0 || sizeof(File) % sizeof(void*) == 0);

File& own(::sqlite3_file* file) noexcept { return *static_cast<File*>(file); }
::sqlite3_file* real(::sqlite3_file* file) noexcept { return own(file).real(); }
const ::sqlite3_io_methods& methods(::sqlite3_file* file) noexcept { return *real(file)->pMethods; }

int flush(File& log) noexcept {
  if (log.size > 0) {
    const int size = log.size;
    log.size = 0;
    const int code = methods(&log).xWrite(log.real(), log.piece.get(), size, log.offset);
    if (code != SQLITE_OK) {
      log.failed = code;
    }
  }
  return log.failed;
}

void flush_log(::sqlite3_file* database) noexcept {
  if (File* const log = own(database).log) {
    // A failure is told by what the log is asked next.
    static_cast<void>(flush(*log));
  }
}

int write_log(::sqlite3_file* file, const void* bytes, int size, ::sqlite3_int64 offset) noexcept {
  File& log = own(file);
  const bool follows = log.size > 0 && offset == log.offset + log.size && size <= piece_bytes - log.size;
  if (!follows) {
    if (const int code = flush(log); code != SQLITE_OK) {
      return code;
    }
    if (!log.piece) {
      log.piece.reset(new (std::nothrow) char[piece_bytes]);
    }
    if (!log.piece || size > piece_bytes) {
      return methods(file).xWrite(log.real(), bytes, size, offset);
    }
    log.offset = offset;
  }
  std::memcpy(log.piece.get() + log.size, bytes, static_cast<std::size_t>(size));
  log.size += size;
  return log.failed;
}

int read_log(::sqlite3_file* file, void* bytes, int size, ::sqlite3_int64 offset) noexcept {
  File& log = own(file);
  if (offset < log.offset + log.size && log.offset < offset + size) {
    if (const int code = flush(log); code != SQLITE_OK) {
      return code;
    }
  }
  return methods(file).xRead(log.real(), bytes, size, offset);
}

/// A method as the default VFS's file has it.
template <auto Method, typename Answer, typename... Arguments>
Answer as_below(::sqlite3_file* file, Arguments... arguments) {
  return (methods(file).*Method)(real(file), arguments...);
}

/// The same, behind what is left to be written.
template <auto Method, typename... Arguments> int behind_flush(::sqlite3_file* file, Arguments... arguments) {
  const int code = flush(own(file));
  return code == SQLITE_OK ? as_below<Method, int>(file, arguments...) : code;
}

int close_log(::sqlite3_file* file) noexcept {
  File& log = own(file);
  const int flushed = flush(log);
  const int closed = methods(file).xClose(log.real());
  if (log.database != nullptr) {
    log.database->log = nullptr;
  }
  log.~File();
  return closed == SQLITE_OK ? flushed : closed;
}

int close_database(::sqlite3_file* file) noexcept {
  const int closed = methods(file).xClose(real(file));
  File& database = own(file);
  if (database.log != nullptr) {
    database.log->database = nullptr;
  }
  database.~File();
  return closed;
}

/// Version 1: SQLite asks a log for no more.
constexpr ::sqlite3_io_methods make_log_methods() noexcept {
  using Io = ::sqlite3_io_methods;
  Io made{};
  made.iVersion = 1;
  made.xClose = close_log;
  made.xRead = read_log;
  made.xWrite = write_log;
  made.xTruncate = behind_flush<&Io::xTruncate>;
  made.xSync = behind_flush<&Io::xSync>;
  made.xFileSize = behind_flush<&Io::xFileSize>;
  made.xFileControl = behind_flush<&Io::xFileControl>;
  made.xLock = as_below<&Io::xLock>;
  made.xUnlock = as_below<&Io::xUnlock>;
  made.xCheckReservedLock = as_below<&Io::xCheckReservedLock>;
  made.xSectorSize = as_below<&Io::xSectorSize>;
  made.xDeviceCharacteristics = as_below<&Io::xDeviceCharacteristics>;
  return made;
}
constexpr ::sqlite3_io_methods log_methods = make_log_methods();

int lock_index(::sqlite3_file* file, int first, int count, int flags) noexcept {
  flush_log(file);
  const int code = methods(file).xShmLock(real(file), first, count, flags);
  if (File* const log = own(file).log; log != nullptr && first == write_lock && (flags & SQLITE_SHM_UNLOCK) != 0) {
    log->failed = SQLITE_OK; // of a transaction that was rolled back for it
  }
  return code;
}

void pass_barrier(::sqlite3_file* file) noexcept {
  flush_log(file);
  methods(file).xShmBarrier(real(file));
}

int unmap_index(::sqlite3_file* file, int remove) noexcept {
  flush_log(file);
  return methods(file).xShmUnmap(real(file), remove);
}

/// All as the default does it, but that the log is complete before anything happens to the shared index.
constexpr ::sqlite3_io_methods make_database_methods() noexcept {
  using Io = ::sqlite3_io_methods;
  Io made{};
  made.iVersion = needed_version;
  made.xClose = close_database;
  made.xRead = as_below<&Io::xRead>;
  made.xWrite = as_below<&Io::xWrite>;
  made.xTruncate = as_below<&Io::xTruncate>;
  made.xSync = as_below<&Io::xSync>;
  made.xFileSize = as_below<&Io::xFileSize>;
  made.xLock = as_below<&Io::xLock>;
  made.xUnlock = as_below<&Io::xUnlock>;
  made.xCheckReservedLock = as_below<&Io::xCheckReservedLock>;
  made.xFileControl = as_below<&Io::xFileControl>;
  made.xSectorSize = as_below<&Io::xSectorSize>;
  made.xDeviceCharacteristics = as_below<&Io::xDeviceCharacteristics>;
  made.xShmMap = as_below<&Io::xShmMap>;
  made.xShmLock = lock_index;
  made.xShmBarrier = pass_barrier;
  made.xShmUnmap = unmap_index;
  made.xFetch = as_below<&Io::xFetch>;
  made.xUnfetch = as_below<&Io::xUnfetch>;
  return made;
}
constexpr ::sqlite3_io_methods database_methods = make_database_methods();

::sqlite3_vfs* below(::sqlite3_vfs* vfs) noexcept { return static_cast<::sqlite3_vfs*>(vfs->pAppData); }

/// A method as the default VFS has it.
template <auto Method, typename Answer, typename... Arguments>
Answer as_default(::sqlite3_vfs* vfs, Arguments... arguments) {
  return (below(vfs)->*Method)(below(vfs), arguments...);
}

int open_file(::sqlite3_vfs* vfs, const char* name, ::sqlite3_file* room, int flags, int* opened) noexcept {
  ::sqlite3_vfs* const real_vfs = below(vfs);
  const bool is_log = (flags & SQLITE_OPEN_WAL) != 0;
  File* database = nullptr;
  if (is_log) {
    // The log of a database that was opened here.
    ::sqlite3_file* const of = sqlite3_database_file_object(name);
    database = of != nullptr && of->pMethods == &database_methods ? &own(of) : nullptr;
  }
  if (is_log ? database == nullptr : (flags & SQLITE_OPEN_MAIN_DB) == 0) {
    return real_vfs->xOpen(real_vfs, name, room, flags, opened);
  }
  File* const file = new (room) File{};
  file->pMethods = nullptr;
  file->real()->pMethods = nullptr;
  const int code = real_vfs->xOpen(real_vfs, name, file->real(), flags, opened);
  const bool usable = code == SQLITE_OK && (is_log || methods(file).iVersion >= needed_version);
  if (!usable) {
    if (file->real()->pMethods != nullptr) {
      methods(file).xClose(file->real());
    }
    file->~File();
    room->pMethods = nullptr; // SQLite calls no xClose then
    return code != SQLITE_OK ? code : SQLITE_CANTOPEN;
  }
  file->pMethods = is_log ? &log_methods : &database_methods;
  if (is_log) {
    file->database = database;
    database->log = file;
  }
  return SQLITE_OK;
}

::sqlite3_vfs make_vfs(::sqlite3_vfs* real_vfs) noexcept {
  ::sqlite3_vfs made = *real_vfs;
  made.pNext = nullptr;
  made.zName = "dovetail-log";
  made.pAppData = real_vfs;
  made.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
  made.xOpen = open_file;
  using Vfs = ::sqlite3_vfs;
  made.xDelete = as_default<&Vfs::xDelete>;
  made.xAccess = as_default<&Vfs::xAccess>;
  made.xFullPathname = as_default<&Vfs::xFullPathname>;
  made.xDlOpen = as_default<&Vfs::xDlOpen>;
  made.xDlError = as_default<&Vfs::xDlError>;
  made.xDlSym = as_default<&Vfs::xDlSym>;
  made.xDlClose = as_default<&Vfs::xDlClose>;
  made.xRandomness = as_default<&Vfs::xRandomness>;
  made.xSleep = as_default<&Vfs::xSleep>;
  made.xCurrentTime = as_default<&Vfs::xCurrentTime>;
  made.xGetLastError = as_default<&Vfs::xGetLastError>;
  made.xCurrentTimeInt64 = as_default<&Vfs::xCurrentTimeInt64>;
  made.xSetSystemCall = as_default<&Vfs::xSetSystemCall>;
  made.xGetSystemCall = as_default<&Vfs::xGetSystemCall>;
  made.xNextSystemCall = as_default<&Vfs::xNextSystemCall>;
  return made;
}

} // namespace

const char* sqlite_log_vfs() noexcept {
  // SQLite keeps it in a list that it changes: neither const nor anybody's own.
  static ::sqlite3_vfs vfs{};
  static const bool registered = [] {
    ::sqlite3_vfs* const real_vfs = sqlite3_vfs_find(nullptr);
    if (real_vfs == nullptr || real_vfs->iVersion < needed_version) {
      return false;
    }
    vfs = make_vfs(real_vfs);
    return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  }();
  return registered ? vfs.zName : nullptr;
}

} // namespace dovetail::store::detail
