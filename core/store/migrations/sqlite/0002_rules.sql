-- SPDX-License-Identifier: Apache-2.0

-- What a person decided about an object of a connection (SYNC-1); without a row the manifest's defaults count. The revision grows with each change.
CREATE TABLE rule (
  tenant_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  object TEXT NOT NULL,
  body TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, connection_id) ON DELETE CASCADE
) WITHOUT ROWID;

-- Records that fit no row and, by their rule, made none (SYNC-13); one that is linked since is no longer asked for.
CREATE TABLE unmatched_record (
  tenant_id INTEGER NOT NULL,
  connection_id INTEGER NOT NULL,
  object TEXT NOT NULL,
  external_id TEXT NOT NULL,
  last_seen_at TEXT NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object, external_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, connection_id) ON DELETE CASCADE
) WITHOUT ROWID;

-- The rule that a job ran by (SYNC-9); 0: the manifest's defaults.
ALTER TABLE job ADD COLUMN rule_revision INTEGER NOT NULL DEFAULT 0;
