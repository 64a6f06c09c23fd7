#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every C++ and CMake example of a guide stands, line for line, in a source that is built and tested.

usage: guide_examples.py GUIDE.md SOURCE..."""

import pathlib
import re
import sys

BLOCK = re.compile(r"^```(?:cpp|cmake)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def lines(text):
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def main():
    guide = pathlib.Path(sys.argv[1])
    sources = [lines(pathlib.Path(name).read_text(encoding="utf-8")) for name in sys.argv[2:]]
    blocks = BLOCK.findall(guide.read_text(encoding="utf-8"))
    if not blocks:
        print(f"{guide} has no examples: is this the right file?")
        return 1
    stale = [block for block in blocks if not any(lines(block) in source for source in sources)]
    for block in stale:
        print(f"{guide}: this example stands in none of the sources:\n{block}")
    if not stale:
        print(f"{len(blocks)} examples of {guide.name} are what is built")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
