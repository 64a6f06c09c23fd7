#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole path as somebody would write it with Python's standard library alone: read all pull requests of one repository page
by page, map a dozen fields, keep them in SQLite; one transaction a page, with the page's address, so that it can go on after a crash.

usage: whole_path.py BASE_URL OWNER/REPOSITORY DATABASE

Prints one JSON object: rows, pages, wall_seconds, cpu_seconds, max_rss_kib.
"""

import datetime
import gzip
import hashlib
import http.client
import json
import re
import resource
import sqlite3
import sys
import time
import urllib.parse

NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')

SCHEMA = """
CREATE TABLE IF NOT EXISTS pull_request (
  tenant_id INTEGER NOT NULL, id INTEGER PRIMARY KEY, external_id TEXT NOT NULL, repository_id INTEGER, number INTEGER, title TEXT,
  state TEXT, draft INTEGER, author_id INTEGER, author_login TEXT, opened_at TEXT, changed_at TEXT, closed_at TEXT, merged_at TEXT,
  base_ref TEXT, head_ref TEXT, source_updated_at TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS pull_request_key ON pull_request (tenant_id, id);
CREATE TABLE IF NOT EXISTS external_link (
  tenant_id INTEGER NOT NULL, connection_id INTEGER NOT NULL, object TEXT NOT NULL, external_id TEXT NOT NULL, row_id INTEGER NOT NULL,
  content_hash BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS external_link_key ON external_link (tenant_id, connection_id, object, external_id);
CREATE TABLE IF NOT EXISTS position (tenant_id INTEGER, connection_id INTEGER, object TEXT, cursor TEXT, PRIMARY KEY (tenant_id, connection_id, object));
"""

FIELDS = ("repository_id", "number", "title", "state", "draft", "author_id", "author_login", "opened_at", "changed_at", "closed_at",
          "merged_at", "base_ref", "head_ref", "source_updated_at")
INSERT = f"INSERT INTO pull_request (tenant_id, external_id, {', '.join(FIELDS)}) VALUES (1, ?, {', '.join('?' * len(FIELDS))})"
UPDATE = f"UPDATE pull_request SET {', '.join(name + ' = ?' for name in FIELDS)} WHERE tenant_id = 1 AND id = ?"


def utc(text):
    if text is None:
        return None
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def row(record):
    user = record["user"] or {}
    return (record["base"]["repo"]["id"], record["number"], record["title"], record["state"], record["draft"], user.get("id"), user.get("login"),
            utc(record["created_at"]), utc(record["updated_at"]), utc(record["closed_at"]), utc(record["merged_at"]), record["base"]["ref"],
            record["head"]["ref"], utc(record["updated_at"]))


def write_page(database, records, cursor):
    with database:
        for record in records:
            external_id = str(record["id"])
            values = row(record)
            digest = hashlib.blake2b(repr(values).encode(), digest_size=8).digest()
            known = database.execute("SELECT row_id, content_hash FROM external_link WHERE tenant_id = 1 AND connection_id = 1 AND object = 'pull_request' AND external_id = ?", (external_id,)).fetchone()
            if known is None:
                row_id = database.execute(INSERT, (external_id, *values)).lastrowid
                database.execute("INSERT INTO external_link VALUES (1, 1, 'pull_request', ?, ?, ?)", (external_id, row_id, digest))
            elif known[1] != digest:
                database.execute(UPDATE, (*values, known[0]))
                database.execute("UPDATE external_link SET content_hash = ? WHERE tenant_id = 1 AND connection_id = 1 AND object = 'pull_request' AND external_id = ?", (digest, external_id))
        database.execute("INSERT OR REPLACE INTO position VALUES (1, 1, 'pull_request', ?)", (cursor,))


def main():
    base, repository, path = sys.argv[1:4]
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;" + SCHEMA)
    address = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    target = f"/repos/{repository}/pulls?state=all&sort=updated&direction=desc&per_page=100"
    headers = {"Accept": "application/vnd.github+json", "Accept-Encoding": "gzip", "User-Agent": "peer", "Authorization": "Bearer demo-token-of-the-simulator"}
    rows = pages = 0
    begun = time.perf_counter()
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
        write_page(database, records, target)
        rows += len(records)
        pages += 1
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"rows": rows, "pages": pages, "wall_seconds": time.perf_counter() - begun, "cpu_seconds": used.ru_utime + used.ru_stime, "max_rss_kib": used.ru_maxrss}))


if __name__ == "__main__":
    main()
