#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Layout and dependency rules of the tree, as a test. Prints each breach as file:line: what is wrong; exits 1 if there is one."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "CONTRIBUTING.md", "dev",
    "core", "plugins", "sdk", "manifests", "runtime", "tests", "benchmarks", "docs",
}

# Which modules of core a module may include besides itself.
CORE = {
    "base": set(),
    "json": {"base"},
    "limits": {"base"},
    "http": {"base", "json", "limits"},
    "vault": {"base", "json"},
    "manifest": {"base", "json", "vault", "http", "limits"},
    "model": {"base", "json"},
    "mapping": {"base", "json", "model"},
    "plugin": {"base", "json", "http", "vault", "limits", "manifest"},
    "oauth": {"base", "json", "http", "vault", "limits", "manifest"},
    "store": {"base", "json", "vault", "limits", "model", "mapping", "manifest", "http"},
    "sync": {"base", "json", "http", "limits", "vault", "manifest", "model", "mapping", "plugin", "oauth", "store"},
}

# A third-party header belongs to one module (tests and benchmarks may use their own peers).
THIRD_PARTY = [
    (re.compile(r"^rapidjson/"), {"core/json", "core/mapping"}),
    (re.compile(r"^valijson/"), {"core/json"}),
    (re.compile(r"^Poco/(Net|URI)"), {"core/http"}),
    (re.compile(r"^Poco/Data"), {"core/store"}),
    (re.compile(r"^botan/"), {"core/vault"}),
    (re.compile(r"^boost/dll"), {"core/plugin"}),
    (re.compile(r"^sqlite3\.h"), {"core/store"}),
    (re.compile(r"^libpq-fe\.h"), {"core/store"}),
    (re.compile(r"^spdlog/"), {"core/base"}),
    (re.compile(r"^simdjson"), {"core/mapping"}),
    (re.compile(r"^libdeflate\.h"), {"core/http"}),
    (re.compile(r"^xxh"), {"core/mapping", "core/base"}),
    (re.compile(r"^CLI/"), {"runtime/cli", "runtime"}),
    (re.compile(r"^pugixml"), {"plugins/odoo"}),
]

PROVIDERS = re.compile(r"\b(github|monday|bqe|odoo|slack|google_drive)\b", re.IGNORECASE)
MACHINE = re.compile(r"/work/|/home/[a-z]+/|localhost\.localdomain")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')
MAX_LINES = 500

breaches = []
warnings = []


def breach(path, line, text):
    breaches.append(f"{path}:{line}: {text}")


def files():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [pathlib.PurePosixPath(name) for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def module_of(path):
    parts = path.parts
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def check_include(path, number, header):
    top, module = path.parts[0], module_of(path)
    is_test = top in {"tests", "benchmarks"} or path.stem.endswith(("_test", "_benchmark", "_fuzz")) or "testing" in path.parts
    if top == "core" and header.startswith("core/"):
        own, other = path.parts[1], header.split("/")[1]
        if other != own and other not in CORE.get(own, set()) and not is_test:
            breach(path, number, f"core/{own} may not know core/{other}")
    if top == "core" and header.startswith("runtime/"):
        breach(path, number, "core may not know runtime")
    if top == "core" and header.startswith("dovetail/sdk") and not is_test:
        breach(path, number, "core speaks the C ABI and never includes dovetail/sdk")
    if top == "plugins" and re.match(r"(core|runtime)/", header):
        breach(path, number, "a plugin includes only dovetail/sdk")
    if path.as_posix().startswith("sdk/include/dovetail/abi") and not re.match(r"(dovetail/abi/|std\w+\.h$)", header):
        breach(path, number, "the ABI knows nothing but the C standard library")
    if path.as_posix().startswith("sdk/include") and re.match(r"(core|runtime|plugins)/", header):
        breach(path, number, "the SDK knows neither core nor runtime")
    if not is_test and top in {"core", "runtime", "plugins", "sdk"}:
        for pattern, owners in THIRD_PARTY:
            if pattern.match(header) and module not in owners:
                breach(path, number, f"{header} belongs to {' or '.join(sorted(owners))}")


def check_source(path, text):
    lines = text.splitlines()
    if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:3]):
        breach(path, 1, "the SPDX line is missing")
    if path.suffix == ".hpp" and not any(line.strip() == "#pragma once" for line in lines[:6]):
        breach(path, 1, "#pragma once is missing")
    if len(lines) > MAX_LINES:
        warnings.append(f"{path}: {len(lines)} lines; {MAX_LINES} are the aim")
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if include:
            check_include(path, number, include.group(1))
        if UNFINISHED.search(line):
            breach(path, number, "unfinished work is a defect: finish it or take it out")


def check_text(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if path.as_posix() != "tests/tidy/tidy.py" and MACHINE.search(line):
            breach(path, number, "a path of one machine")
        if path.parts[0] in {"core", "runtime"} and path.suffix in {".cpp", ".hpp", ".sql", ".h", ".c"}:
            is_test = path.stem.endswith(("_test", "_benchmark", "_fuzz")) or "testing" in path.parts
            if not is_test and PROVIDERS.search(line) and "github.com" not in line:
                breach(path, number, "a provider's name in core or runtime")


def main():
    for name in sorted({path.parts[0] for path in files()}):
        if name not in TOP_LEVEL and not name.startswith("."):
            breach(name, 1, "not one of the fixed top-level names")
    for path in files():
        if path.suffix in {".png", ".so", ".gz"}:
            continue
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        check_text(path, text)
        if path.suffix in {".cpp", ".hpp", ".c", ".h"}:
            check_source(path, text)
    for line in warnings:
        print("warning:", line)
    for line in breaches:
        print(line)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
