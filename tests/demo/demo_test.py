#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""demo_test.py BUILD_DIRECTORY: what `./dev run` promises. Twice over one data directory: first everything arrives, then nothing has changed."""

import json
import pathlib
import subprocess
import sys
import tempfile

RUN = pathlib.Path(__file__).resolve().parent / "run"
TENANTS = {"acme", "globex", "initech"}
OBJECTS = {
    "bqe": {"project", "client", "employee"},
    "github": {"member", "repository", "pull_request", "review", "commit", "pull_request_commit"},
    "monday": {"board", "user", "item", "project_item"},
    "odoo": {"department", "job_title", "employee", "partner", "project", "task"},
}


def run(build, data):
    ended = subprocess.run([RUN, build, data, "--json"], capture_output=True, text=True, timeout=300)
    if ended.returncode != 0:
        sys.exit(f"run ended with {ended.returncode}:\n{ended.stderr}\n{ended.stdout}")
    # What the connections say stands before the report.
    return json.loads(ended.stdout[ended.stdout.index("{\n"):]), ended.stderr


def demand(holds, what):
    if not holds:
        sys.exit(f"not so: {what}")


def main():
    build = sys.argv[1]
    with tempfile.TemporaryDirectory() as data:
        first, said = run(build, data)
        demand(said == "", f"nothing to complain of, but stderr has:\n{said}")
        seen = {(each["tenant"], each["provider"], each["object"]) for each in first["objects"]}
        demand(seen == {(tenant, provider, name) for tenant in TENANTS for provider, names in OBJECTS.items() for name in names},
               f"each tenant has each object of each provider: {sorted(seen)}")
        for each in first["objects"]:
            name = f"{each['tenant']}/{each['provider']} {each['object']}"
            demand(each["created"] > 0 and each["failed"] == 0 and each["field_errors"] == 0, f"{name} arrives whole: {each}")
            demand(each["skipped"] == (each["skipped_children"] if each["provider"] == "bqe" else 0), f"{name} leaves out children only: {each}")
        second, _ = run(build, data)
        for each in second["objects"]:
            name = f"{each['tenant']}/{each['provider']} {each['object']}"
            demand(each["created"] == each["updated"] == each["removed"] == each["failed"] == 0, f"{name} is unchanged: {each}")
        of_github = [each for each in second["objects"] if each["provider"] == "github"]
        unmodified, requests = (sum(each[key] for each in of_github) for key in ("not_modified", "requests"))
        demand(unmodified * 2 > requests, f"most answers of GitHub are 304: {unmodified} of {requests}")
    print(f"{sum(each['created'] for each in first['objects'])} records of {len(OBJECTS)} providers; the second run changed none")


if __name__ == "__main__":
    main()
