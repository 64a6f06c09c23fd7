// SPDX-License-Identifier: Apache-2.0
#include "core/sync/sync_options.hpp"

namespace dovetail::sync {

SyncCounts& SyncCounts::operator+=(const SyncCounts& other) {
  fetched += other.fetched;
  created += other.created;
  updated += other.updated;
  unchanged += other.unchanged;
  skipped += other.skipped;
  skipped_children += other.skipped_children;
  failed += other.failed;
  removed += other.removed;
  unmatched += other.unmatched;
  corrected += other.corrected;
  conflicts += other.conflicts;
  field_errors += other.field_errors;
  requests += other.requests;
  not_modified += other.not_modified;
  pages += other.pages;
  return *this;
}

} // namespace dovetail::sync
