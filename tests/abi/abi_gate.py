#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the plugin ABI of this build, by the debug information of its witness library, with the kept baseline.

usage: abi_gate.py LIBRARY BASELINE [--update]

Any difference fails: also a member that was appended, until somebody has looked at it and run this with --update.
Exits 77 (skip) where libabigail is missing."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def describe(library):
    """The library's ABI as XML, without what differs from machine to machine."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "witness.abi"
        subprocess.run(["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--type-id-style", "hash",
                        "--out-file", str(out), library], check=True)
        text = out.read_text(encoding="utf-8")
    text = re.sub(r" (?:path|comp-dir-path|producer|version|soname)='[^']*'", "", text)
    # Whole files of the compiler's own; their paths and order are no part of the ABI.
    text = re.sub(r"(<abi-instr [^>]*?address-size='\d+')[^>]*>", r"\1>", text)
    return text


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__)
        return 2
    library, baseline = sys.argv[1], pathlib.Path(sys.argv[2])
    if shutil.which("abidw") is None or shutil.which("abidiff") is None:
        print("skipped: no abidw and abidiff on this machine (package abigail-tools)")
        return 77
    if sys.argv[3:] == ["--update"]:
        text = describe(library)
        baseline.write_text(text, encoding="utf-8")
        print(f"{baseline} now is what {library} has")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        current = pathlib.Path(folder) / "current.abi"
        current.write_text(describe(library), encoding="utf-8")
        result = subprocess.run(["abidiff", "--no-architecture", "--harmless", str(baseline), str(current)], capture_output=True, text=True)
    if result.returncode != 0:
        print(result.stdout + result.stderr)
        print(f"The plugin ABI differs from {baseline}. A published struct may only grow at its end: if that is what happened, run\n"
              f"  {sys.argv[0]} {library} {baseline} --update\n"
              "and add the new members to tests/abi/layout.h.")
        return 1
    print("the plugin ABI is as published")
    return 0


if __name__ == "__main__":
    sys.exit(main())
