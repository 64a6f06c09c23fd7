-- SPDX-License-Identifier: Apache-2.0
-- Instants are TEXT, ISO 8601 in UTC with milliseconds, so that they sort as they are. Flags are 0 or 1.

CREATE TABLE tenant (
  tenant_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at TEXT NOT NULL
);

CREATE TABLE connection (
  tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
  connection_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  provider TEXT NOT NULL,
  config TEXT NOT NULL,
  base_url_variant TEXT NOT NULL,
  account_id TEXT NOT NULL,
  environment TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'needs_reauth', 'disabled')),
  status_reason TEXT NOT NULL,
  status_since TEXT NOT NULL,
  revision INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, connection_id),
  UNIQUE (tenant_id, name)
) WITHOUT ROWID;

-- AUTH-6: one active connection for each account of a provider, where the account is known.
CREATE UNIQUE INDEX connection_account ON connection (tenant_id, provider, account_id, environment)
  WHERE status <> 'disabled' AND account_id <> '';

-- A removed secret keeps its row, with sealed NULL, so that no version is ever given twice.
CREATE TABLE secret (
  tenant_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  key_id TEXT NOT NULL,
  sealed BLOB,
  version INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, name),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, connection_id) ON DELETE CASCADE
);

CREATE TABLE vault_canary (
  key_id TEXT PRIMARY KEY,
  sealed BLOB NOT NULL,
  created_at TEXT NOT NULL
);

-- Where the reading of an object stands; parent_id is '' for an object without a parent (SYNC-8).
CREATE TABLE sync_state (
  tenant_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  object TEXT NOT NULL,
  parent_id TEXT NOT NULL,
  position TEXT,
  high_water TEXT,
  pass_id INTEGER NOT NULL,
  pass_mode TEXT NOT NULL CHECK (pass_mode IN ('', 'full', 'delta')),
  pass_started_at TEXT,
  pass_pages INTEGER NOT NULL,
  mapping_signature TEXT NOT NULL,
  completed_pass_id INTEGER NOT NULL,
  completed_at TEXT,
  full_completed_at TEXT,
  resync_required INTEGER NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object, parent_id)
) WITHOUT ROWID;

CREATE TABLE plugin_state (
  tenant_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  object TEXT NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object, key)
) WITHOUT ROWID;

-- What a pass saw on each page: 64-bit hashes of the external ids, 8 bytes each.
CREATE TABLE page_state (
  tenant_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  object TEXT NOT NULL,
  page_key TEXT NOT NULL,
  pass_id INTEGER NOT NULL,
  seen BLOB NOT NULL
);
CREATE UNIQUE INDEX page_state_key ON page_state (tenant_id, connection_id, object, page_key);
CREATE INDEX page_state_pass ON page_state (tenant_id, connection_id, object, pass_id);

-- Parents whose children are to be read; `object` is the child's.
CREATE TABLE pending_parent (
  tenant_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  object TEXT NOT NULL,
  external_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object, external_id)
) WITHOUT ROWID;

-- Which row of which model stands for a provider's record (SYNC-5). A rowid table: the hot path finds it through the index
-- and changes it in place.
CREATE TABLE external_link (
  tenant_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  object TEXT NOT NULL,
  external_id TEXT NOT NULL,
  external_hash INTEGER NOT NULL,
  model TEXT NOT NULL,
  row_id INTEGER NOT NULL,
  content_hash INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'inactive', 'deleted')),
  pass_id INTEGER NOT NULL,
  first_seen_at TEXT NOT NULL,
  last_changed_at TEXT NOT NULL
);
CREATE UNIQUE INDEX external_link_key ON external_link (tenant_id, connection_id, object, external_id);
CREATE INDEX external_link_row ON external_link (tenant_id, model, row_id);

CREATE TABLE job (
  tenant_id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  provider TEXT NOT NULL,
  object TEXT NOT NULL,
  kind TEXT NOT NULL,
  mode TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  idempotency_key TEXT,
  fence INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  worker TEXT NOT NULL,
  cancel_requested INTEGER NOT NULL,
  not_before TEXT NOT NULL,
  lease_expires_at TEXT,
  created_at TEXT NOT NULL,
  started_at TEXT,
  finished_at TEXT,
  updated_at TEXT NOT NULL,
  fetched INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL DEFAULT 0,
  updated INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  removed INTEGER NOT NULL DEFAULT 0,
  conflicts INTEGER NOT NULL DEFAULT 0,
  requests INTEGER NOT NULL DEFAULT 0,
  not_modified INTEGER NOT NULL DEFAULT 0,
  error_code TEXT NOT NULL DEFAULT '',
  error_message TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, job_id)
);
CREATE UNIQUE INDEX job_idempotency ON job (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX job_newest ON job (tenant_id, created_at);
CREATE INDEX job_due ON job (not_before) WHERE state = 'queued';
CREATE INDEX job_lapsed ON job (lease_expires_at) WHERE state = 'running';

CREATE TABLE job_error (
  tenant_id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  subject TEXT NOT NULL,
  code TEXT NOT NULL,
  occurrences INTEGER NOT NULL,
  message TEXT NOT NULL,
  samples TEXT NOT NULL,
  last_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, job_id, subject, code),
  FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, job_id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE job_log (
  tenant_id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  line INTEGER NOT NULL,
  at TEXT NOT NULL,
  level TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (tenant_id, job_id, line),
  FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, job_id) ON DELETE CASCADE
) WITHOUT ROWID;

-- One job at a time for each object of a connection (SYNC-9). The row outlives its holder: the fence never goes back.
CREATE TABLE object_lease (
  tenant_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  object TEXT NOT NULL,
  fence INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  process_id INTEGER NOT NULL,
  process_start INTEGER NOT NULL,
  acquired_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object)
) WITHOUT ROWID;

CREATE TABLE limiter_snapshot (
  scope TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  saved_at TEXT NOT NULL
) WITHOUT ROWID;

-- Which local models have a table, and how it was declared when it was last built.
CREATE TABLE model_version (
  model TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  definition TEXT NOT NULL,
  applied_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE report (
  tenant_id INTEGER NOT NULL,
  report_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, report_id)
);
CREATE INDEX report_newest ON report (tenant_id, created_at);
