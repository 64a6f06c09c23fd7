#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that each plugin named as an argument exports dvt_plugin_query and nothing else. Exits 77 (skip) where there is no nm."""

import shutil
import subprocess
import sys

ENTRY = "dvt_plugin_query"


def exported(plugin):
    listing = subprocess.run(["nm", "-D", "--defined-only", plugin], check=True, capture_output=True, text=True)
    return [line.split()[-1] for line in listing.stdout.splitlines() if line.strip()]


def main():
    if shutil.which("nm") is None:
        print("skipped: no nm on this machine (package binutils)")
        return 77
    if len(sys.argv) < 2:
        print("no plugin was named")
        return 1
    failed = False
    for plugin in sys.argv[1:]:
        symbols = exported(plugin)
        if symbols != [ENTRY]:
            print(f"{plugin} exports {symbols}, expected only {ENTRY}: link it with dovetail_add_plugin()")
            failed = True
    if not failed:
        print(f"{len(sys.argv) - 1} plugins export {ENTRY} alone")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
