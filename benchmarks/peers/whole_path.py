#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole path as somebody would write it with Python's standard library alone: read all pull requests of one repository page
by page, map their fields, keep them in SQLite; one transaction a page, with the page's address, so that it can go on after a crash.

It does what `dovetail sync --object pull_request` does and no more: the same pages with gzip over one connection, the fields of
manifests/github.json in a table with the same indexes, a hash of each row's content that is looked up before anything is written, a
note of each changed pull request whose reviews and commits are to be read, the same durability.

usage: SIMULATOR_TOKEN=... whole_path.py BASE_URL OWNER/REPOSITORY DATABASE

Prints one JSON object: rows, pages.
"""

import datetime
import gzip
import hashlib
import http.client
import json
import os
import re
import sqlite3
import sys
import urllib.parse

NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')

SCHEMA = """
CREATE TABLE IF NOT EXISTS pull_request (
  tenant_id INTEGER NOT NULL, id INTEGER PRIMARY KEY, external_id TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  source_updated_at TEXT, source_id INTEGER, repository_id INTEGER, repository_full_name TEXT, number INTEGER, title TEXT, status TEXT,
  draft INTEGER, locked INTEGER, author_id INTEGER, author_login TEXT, author_kind TEXT, author_association TEXT, base_ref TEXT,
  base_sha TEXT, head_ref TEXT, head_sha TEXT, milestone TEXT, labels TEXT, html_url TEXT, opened_at TEXT, changed_at TEXT, closed_at TEXT,
  merged_at TEXT, cycle_time_seconds INTEGER);
CREATE UNIQUE INDEX IF NOT EXISTS pull_request_key ON pull_request (tenant_id, id);
CREATE INDEX IF NOT EXISTS pull_request_source ON pull_request (tenant_id, source_id);
CREATE INDEX IF NOT EXISTS pull_request_number ON pull_request (tenant_id, repository_id, number);
CREATE INDEX IF NOT EXISTS pull_request_author ON pull_request (tenant_id, author_id);
CREATE INDEX IF NOT EXISTS pull_request_merged ON pull_request (tenant_id, merged_at);
CREATE TABLE IF NOT EXISTS external_link (
  tenant_id INTEGER NOT NULL, connection_id INTEGER NOT NULL, object TEXT NOT NULL, external_id TEXT NOT NULL, row_id INTEGER NOT NULL,
  content_hash BLOB NOT NULL, first_seen_at TEXT NOT NULL, last_changed_at TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS external_link_key ON external_link (tenant_id, connection_id, object, external_id);
CREATE INDEX IF NOT EXISTS external_link_row ON external_link (tenant_id, row_id);
CREATE TABLE IF NOT EXISTS pending (
  tenant_id INTEGER NOT NULL, connection_id INTEGER NOT NULL, object TEXT NOT NULL, external_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, connection_id, object, external_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (tenant_id INTEGER, connection_id INTEGER, object TEXT, cursor TEXT, PRIMARY KEY (tenant_id, connection_id, object));
"""

FIELDS = ("source_updated_at", "source_id", "repository_id", "repository_full_name", "number", "title", "status", "draft", "locked",
          "author_id", "author_login", "author_kind", "author_association", "base_ref", "base_sha", "head_ref", "head_sha", "milestone",
          "labels", "html_url", "opened_at", "changed_at", "closed_at", "merged_at", "cycle_time_seconds")
INSERT = (f"INSERT INTO pull_request (tenant_id, external_id, created_at, updated_at, {', '.join(FIELDS)}) "
          f"VALUES (1, ?, ?, ?, {', '.join('?' * len(FIELDS))})")
UPDATE = f"UPDATE pull_request SET updated_at = ?, {', '.join(name + ' = ?' for name in FIELDS)} WHERE tenant_id = 1 AND id = ?"
LOOK_UP = ("SELECT row_id, content_hash FROM external_link "
           "WHERE tenant_id = 1 AND connection_id = 1 AND object = 'pull_request' AND external_id = ?")
LINK = "INSERT INTO external_link VALUES (1, 1, 'pull_request', ?, ?, ?, ?, ?)"
RELINK = ("UPDATE external_link SET content_hash = ?, last_changed_at = ? "
          "WHERE tenant_id = 1 AND connection_id = 1 AND object = 'pull_request' AND external_id = ?")
QUEUE = "INSERT OR IGNORE INTO pending VALUES (1, 1, ?, ?)"


def instant(text):
    return None if text is None else datetime.datetime.fromisoformat(text).astimezone(datetime.timezone.utc)


def stored(moment):
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def row(record, repository):
    user = record["user"] or {}
    base = record["base"]
    head = record["head"]
    milestone = record["milestone"]
    opened, merged = instant(record["created_at"]), instant(record["merged_at"])
    changed = stored(instant(record["updated_at"]))
    return (changed, record["id"], base["repo"]["id"], repository, record["number"], record["title"], record["state"], record["draft"],
            record["locked"], user.get("id"), user.get("login"), user.get("type"), record["author_association"], base["ref"], base["sha"],
            head["ref"], head["sha"], milestone["title"] if milestone else None, json.dumps(record["labels"], separators=(",", ":")),
            record["html_url"], stored(opened), changed, stored(instant(record["closed_at"])), stored(merged),
            int((merged - opened).total_seconds()) if merged else None)


def write_page(database, records, repository, cursor):
    now = stored(datetime.datetime.now(datetime.timezone.utc))
    with database:
        for record in records:
            external_id = str(record["id"])
            values = row(record, repository)
            digest = hashlib.blake2b(repr(values).encode(), digest_size=8).digest()
            known = database.execute(LOOK_UP, (external_id,)).fetchone()
            if known is None:
                row_id = database.execute(INSERT, (external_id, now, now, *values)).lastrowid
                database.execute(LINK, (external_id, row_id, digest, now, now))
            elif known[1] != digest:
                database.execute(UPDATE, (now, *values, known[0]))
                database.execute(RELINK, (digest, now, external_id))
            else:
                continue
            database.execute(QUEUE, ("review", external_id))
            database.execute(QUEUE, ("pull_request_commit", external_id))
        database.execute("INSERT OR REPLACE INTO position VALUES (1, 1, 'pull_request', ?)", (cursor,))


def main():
    base, repository, path = sys.argv[1:4]
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -6144; PRAGMA temp_store = MEMORY; "
                           "PRAGMA wal_autocheckpoint = 16000;" + SCHEMA)
    address = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    target = f"/repos/{repository}/pulls?state=all&sort=updated&direction=desc&per_page=100"
    headers = {"Accept": "application/vnd.github+json", "Accept-Encoding": "gzip", "User-Agent": "peer",
               "Authorization": "Bearer " + os.environ["SIMULATOR_TOKEN"]}
    rows = pages = 0
    while target:
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"{target}: {answer.status} {body[:200]!r}")
        if answer.getheader("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        following = NEXT.search(answer.getheader("Link") or "")
        target = None
        if following:
            parts = urllib.parse.urlsplit(following.group(1))
            target = f"{parts.path}?{parts.query}"
        records = json.loads(body)
        write_page(database, records, repository, target)
        rows += len(records)
        pages += 1
    database.close()
    print(json.dumps({"rows": rows, "pages": pages}))


if __name__ == "__main__":
    main()
