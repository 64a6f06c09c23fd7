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

/// What is left to be written, then `work` on the default VFS's file.
template <typename Work> int behind_flush(::sqlite3_file* file, Work work) noexcept {
  const int code = flush(own(file));
  return code == SQLITE_OK ? work(methods(file), real(file)) : code;
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
const ::sqlite3_io_methods& log_methods() noexcept {
  static const ::sqlite3_io_methods table = [] {
    ::sqlite3_io_methods made{};
    made.iVersion = 1;
    made.xClose = close_log;
    made.xRead = read_log;
    made.xWrite = write_log;
    made.xTruncate = [](::sqlite3_file* file, ::sqlite3_int64 size) {
      return behind_flush(file, [size](auto& real_methods, auto* real) { return real_methods.xTruncate(real, size); });
    };
    made.xSync = [](::sqlite3_file* file, int flags) {
      return behind_flush(file, [flags](auto& real_methods, auto* real) { return real_methods.xSync(real, flags); });
    };
    made.xFileSize = [](::sqlite3_file* file, ::sqlite3_int64* size) {
      return behind_flush(file, [size](auto& real_methods, auto* real) { return real_methods.xFileSize(real, size); });
    };
    made.xFileControl = [](::sqlite3_file* file, int operation, void* argument) {
      return behind_flush(
          file, [=](auto& real_methods, auto* real) { return real_methods.xFileControl(real, operation, argument); });
    };
    made.xLock = [](::sqlite3_file* file, int level) { return methods(file).xLock(real(file), level); };
    made.xUnlock = [](::sqlite3_file* file, int level) { return methods(file).xUnlock(real(file), level); };
    made.xCheckReservedLock = [](::sqlite3_file* file, int* held) {
      return methods(file).xCheckReservedLock(real(file), held);
    };
    made.xSectorSize = [](::sqlite3_file* file) { return methods(file).xSectorSize(real(file)); };
    made.xDeviceCharacteristics = [](::sqlite3_file* file) { return methods(file).xDeviceCharacteristics(real(file)); };
    return made;
  }();
  return table;
}

int lock_index(::sqlite3_file* file, int first, int count, int flags) noexcept {
  flush_log(file);
  const int code = methods(file).xShmLock(real(file), first, count, flags);
  if (File* const log = own(file).log; log != nullptr && first == write_lock && (flags & SQLITE_SHM_UNLOCK) != 0) {
    log->failed = SQLITE_OK; // of a transaction that was rolled back for it
  }
  return code;
}

/// All as the default does it, but that the log is complete before anything happens to the shared index.
const ::sqlite3_io_methods& database_methods() noexcept {
  static const ::sqlite3_io_methods table = [] {
    ::sqlite3_io_methods made{};
    made.iVersion = needed_version;
    made.xClose = close_database;
    made.xRead = [](::sqlite3_file* file, void* bytes, int size, ::sqlite3_int64 offset) {
      return methods(file).xRead(real(file), bytes, size, offset);
    };
    made.xWrite = [](::sqlite3_file* file, const void* bytes, int size, ::sqlite3_int64 offset) {
      return methods(file).xWrite(real(file), bytes, size, offset);
    };
    made.xTruncate = [](::sqlite3_file* file, ::sqlite3_int64 size) {
      return methods(file).xTruncate(real(file), size);
    };
    made.xSync = [](::sqlite3_file* file, int flags) { return methods(file).xSync(real(file), flags); };
    made.xFileSize = [](::sqlite3_file* file, ::sqlite3_int64* size) {
      return methods(file).xFileSize(real(file), size);
    };
    made.xLock = [](::sqlite3_file* file, int level) { return methods(file).xLock(real(file), level); };
    made.xUnlock = [](::sqlite3_file* file, int level) { return methods(file).xUnlock(real(file), level); };
    made.xCheckReservedLock = [](::sqlite3_file* file, int* held) {
      return methods(file).xCheckReservedLock(real(file), held);
    };
    made.xFileControl = [](::sqlite3_file* file, int operation, void* argument) {
      return methods(file).xFileControl(real(file), operation, argument);
    };
    made.xSectorSize = [](::sqlite3_file* file) { return methods(file).xSectorSize(real(file)); };
    made.xDeviceCharacteristics = [](::sqlite3_file* file) { return methods(file).xDeviceCharacteristics(real(file)); };
    made.xShmMap = [](::sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
      return methods(file).xShmMap(real(file), region, size, extend, memory);
    };
    made.xShmLock = lock_index;
    made.xShmBarrier = [](::sqlite3_file* file) {
      flush_log(file);
      methods(file).xShmBarrier(real(file));
    };
    made.xShmUnmap = [](::sqlite3_file* file, int remove) {
      flush_log(file);
      return methods(file).xShmUnmap(real(file), remove);
    };
    made.xFetch = [](::sqlite3_file* file, ::sqlite3_int64 offset, int size, void** memory) {
      return methods(file).xFetch(real(file), offset, size, memory);
    };
    made.xUnfetch = [](::sqlite3_file* file, ::sqlite3_int64 offset, void* memory) {
      return methods(file).xUnfetch(real(file), offset, memory);
    };
    return made;
  }();
  return table;
}

::sqlite3_vfs* below(::sqlite3_vfs* vfs) noexcept { return static_cast<::sqlite3_vfs*>(vfs->pAppData); }

int open_file(::sqlite3_vfs* vfs, const char* name, ::sqlite3_file* room, int flags, int* opened) noexcept {
  ::sqlite3_vfs* const real_vfs = below(vfs);
  const bool is_log = (flags & SQLITE_OPEN_WAL) != 0;
  File* database = nullptr;
  if (is_log) {
    // The log of a database that was opened here.
    ::sqlite3_file* const of = sqlite3_database_file_object(name);
    database = of != nullptr && of->pMethods == &database_methods() ? &own(of) : nullptr;
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
  file->pMethods = is_log ? &log_methods() : &database_methods();
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
  made.xDelete = [](::sqlite3_vfs* vfs, const char* name, int sync) {
    return below(vfs)->xDelete(below(vfs), name, sync);
  };
  made.xAccess = [](::sqlite3_vfs* vfs, const char* name, int flags, int* answer) {
    return below(vfs)->xAccess(below(vfs), name, flags, answer);
  };
  made.xFullPathname = [](::sqlite3_vfs* vfs, const char* name, int room, char* path) {
    return below(vfs)->xFullPathname(below(vfs), name, room, path);
  };
  made.xDlOpen = [](::sqlite3_vfs* vfs, const char* name) { return below(vfs)->xDlOpen(below(vfs), name); };
  made.xDlError = [](::sqlite3_vfs* vfs, int room, char* text) { below(vfs)->xDlError(below(vfs), room, text); };
  made.xDlSym = [](::sqlite3_vfs* vfs, void* library, const char* symbol) {
    return below(vfs)->xDlSym(below(vfs), library, symbol);
  };
  made.xDlClose = [](::sqlite3_vfs* vfs, void* library) { below(vfs)->xDlClose(below(vfs), library); };
  made.xRandomness = [](::sqlite3_vfs* vfs, int size, char* bytes) {
    return below(vfs)->xRandomness(below(vfs), size, bytes);
  };
  made.xSleep = [](::sqlite3_vfs* vfs, int microseconds) { return below(vfs)->xSleep(below(vfs), microseconds); };
  made.xCurrentTime = [](::sqlite3_vfs* vfs, double* day) { return below(vfs)->xCurrentTime(below(vfs), day); };
  made.xGetLastError = [](::sqlite3_vfs* vfs, int room, char* text) {
    return below(vfs)->xGetLastError(below(vfs), room, text);
  };
  made.xCurrentTimeInt64 = [](::sqlite3_vfs* vfs, ::sqlite3_int64* time) {
    return below(vfs)->xCurrentTimeInt64(below(vfs), time);
  };
  made.xSetSystemCall = [](::sqlite3_vfs* vfs, const char* name, ::sqlite3_syscall_ptr call) {
    return below(vfs)->xSetSystemCall(below(vfs), name, call);
  };
  made.xGetSystemCall = [](::sqlite3_vfs* vfs, const char* name) {
    return below(vfs)->xGetSystemCall(below(vfs), name);
  };
  made.xNextSystemCall = [](::sqlite3_vfs* vfs, const char* name) {
    return below(vfs)->xNextSystemCall(below(vfs), name);
  };
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
