#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang_tidy.py BUILD_DIRECTORY FILE...: runs clang-tidy over those of the files that the build knows, on all cores.

What passed is remembered by content: the file, our headers that it reads, its command line and the configuration. So an unchanged file is not
read again, in whatever folder the tree lies. The static analyzer, by far the slowest part, reads what ships; tests go without it.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

TOOL = "clang-tidy-16"
ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("DOVETAIL_TIDY_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "dovetail-clang-tidy")


def is_test(file):
    return file.startswith(("tests/", "benchmarks/")) or pathlib.PurePath(file).stem.endswith(("_test", "_benchmark", "_fuzz")) or "/testing/" in file


def compile_words(entry):
    """The command line without the launcher, the outputs and what only says where to write dependencies."""
    words = shlex.split(entry["command"])
    if words[0].endswith("ccache"):
        words = words[1:]
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MT", "-MF"):
            skip = True
        elif word not in ("-c", "-MD"):
            kept.append(word)
    return kept


def key_of(entry, options):
    words = compile_words(entry)
    listed = subprocess.run([*words, "-MM"], cwd=entry["directory"], capture_output=True, text=True)
    if listed.returncode != 0:
        return None
    digest = hashlib.sha256()
    digest.update("\n".join([*options, *words]).replace(str(ROOT), "").encode())
    for name in listed.stdout.replace("\\\n", " ").split(":", 1)[1].split():
        digest.update((pathlib.Path(entry["directory"]) / name).read_bytes())
    folder = ROOT
    for part in [".", *pathlib.PurePath(entry["file"]).relative_to(ROOT).parent.parts]:
        folder = folder / part
        config = folder / ".clang-tidy"
        if config.is_file():
            digest.update(config.read_bytes())
    return digest.hexdigest()


def check(build, entry):
    file = str(pathlib.PurePath(entry["file"]).relative_to(ROOT))
    options = ["--checks=-clang-analyzer-*"] if is_test(file) else []
    key = key_of(entry, options)
    if key and (CACHE / key).exists():
        return file, None
    ran = subprocess.run([TOOL, "--quiet", "-p", build, *options, entry["file"]], capture_output=True, text=True)
    if ran.returncode != 0:
        return file, ran.stdout or ran.stderr
    if key:
        (CACHE / key).touch()
    return file, None


def main():
    build, wanted = sys.argv[1], set(sys.argv[2:])
    CACHE.mkdir(parents=True, exist_ok=True)
    entries = {}
    for entry in json.loads((ROOT / build / "compile_commands.json").read_text()):
        path = pathlib.PurePath(entry["file"])
        if path.is_relative_to(ROOT) and str(path.relative_to(ROOT)) in wanted:
            entries.setdefault(entry["file"], entry)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for file, problems in pool.map(lambda entry: check(build, entry), entries.values()):
            if problems:
                failed += 1
                print(f"clang-tidy: {file}\n{problems}", flush=True)
    print(f"clang-tidy: {len(entries)} files, {failed} with warnings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
