-- SPDX-License-Identifier: Apache-2.0

-- What a person decided about an object of a connection (SYNC-1); without a row the manifest's defaults count. The revision grows with each change.
CREATE TABLE rule (
  tenant_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  object text COLLATE "C" NOT NULL,
  body text NOT NULL,
  enabled boolean NOT NULL,
  revision bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, connection_id) ON DELETE CASCADE
);

-- Records that fit no row and, by their rule, made none (SYNC-13); one that is linked since is no longer asked for.
CREATE TABLE unmatched_record (
  tenant_id bigint NOT NULL,
  connection_id bigint NOT NULL,
  object text COLLATE "C" NOT NULL,
  external_id text COLLATE "C" NOT NULL,
  last_seen_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object, external_id),
  FOREIGN KEY (tenant_id, connection_id) REFERENCES connection (tenant_id, connection_id) ON DELETE CASCADE
);

-- The rule that a job ran by (SYNC-9); 0: the manifest's defaults.
ALTER TABLE job ADD COLUMN rule_revision bigint NOT NULL DEFAULT 0;

SELECT dovetail_protect_table(name::regclass) FROM unnest(ARRAY['rule', 'unmatched_record']) AS name;
