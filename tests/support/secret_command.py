#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A secret command (docs/operate/secret-backends.md) that keeps secrets in files: secret_command.py FOLDER [FAULT] VERB.

FAULT, for tests: `hang`, `flood`, `garbage`, `die`, `mute` (reads nothing), `status=N`, `environment` (prints its environment and arguments
as the secret)."""

import fcntl
import json
import os
import pathlib
import re
import signal
import sys
import time

STATUS = {"invalid_argument": 103, "not_found": 105, "aborted": 110}


def fault(kind):
    if kind == "hang":
        time.sleep(3600)
    elif kind == "flood":
        while True:
            sys.stdout.write("x" * 65536)
    elif kind == "garbage":
        sys.stdout.write('{"secret": "planted-secret", ')
        sys.exit(0)
    elif kind == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "mute":
        print('{"version": 1, "secret": "mute"}')
        sys.exit(0)
    elif kind == "environment":
        descriptors = sorted(int(name) for name in os.listdir("/proc/self/fd"))
        print(json.dumps({"version": 1, "secret": json.dumps([dict(os.environ), sys.argv[1:], descriptors[:-1]])}))
        sys.exit(0)
    elif kind.startswith("status="):
        print("planted-secret", file=sys.stderr)
        sys.exit(int(kind.split("=")[1]))


def main():
    folder, verb = pathlib.Path(sys.argv[1]), sys.argv[-1]
    if len(sys.argv) == 4:
        fault(sys.argv[2])
    request = json.load(sys.stdin)
    if request["protocol"] != 1 or not all(re.fullmatch(r"[a-z0-9_-]+", request[key]) for key in ("tenant", "connection")):
        return STATUS["invalid_argument"]
    folder /= f"{request['tenant_id']}-{request['connection_id']}"
    folder.mkdir(parents=True, exist_ok=True)
    if verb == "names":
        print(json.dumps({"names": [path.stem for path in folder.glob("*.json") if json.loads(path.read_text())["secret"] is not None]}))
        return 0
    file = folder / f"{request['name']}.json"
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # A removed secret keeps its version, so that no version is ever given twice.
        present = json.loads(file.read_text()) if file.exists() else {"version": 0, "secret": None}
        if verb == "load":
            if present["secret"] is None:
                return STATUS["not_found"]
            print(json.dumps(present))
            return 0
        if verb == "remove":
            if present["secret"] is None:
                return STATUS["not_found"]
            present["secret"] = None
        elif verb == "save":
            expected = request["expected_version"]
            if expected is not None and expected != (present["version"] if present["secret"] is not None else 0):
                return STATUS["aborted"]
            present = {"version": present["version"] + 1, "secret": request["secret"]}
        else:
            return STATUS["invalid_argument"]
        part = file.with_suffix(".part")
        part.write_text(json.dumps(present))
        part.replace(file)
    print(json.dumps({"version": present["version"]}))
    return 0


sys.exit(main())
