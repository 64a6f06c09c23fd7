// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace dovetail::store::detail {

/// Name of a VFS that writes SQLite's write-ahead log in larger pieces: SQLite itself makes two calls of write() for each page of a commit. Like the
/// default VFS otherwise, and on the same files and locks: any program may have the database open at the same time with whatever it uses.
///
/// What a log's file does not hold yet is held back for as long only as nobody else could look for it: it is written before a sync, a read of it, a
/// change of its size, and before anything happens to the shared index (locks and barriers, without which no other connection sees a
/// commit). https://www.sqlite.org/vfs.html, https://www.sqlite.org/walformat.html
///
/// nullptr when it cannot be had; then the default does. Registered with the first call. Any thread.
[[nodiscard]] const char* sqlite_log_vfs() noexcept;

} // namespace dovetail::store::detail
