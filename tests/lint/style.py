#!/usr/bin/env python3
"""Style that a compiler does not check, as TAP. usage: style.py SOURCE_ROOT

Limits are those of the project's README files; what breaks one is named as
FILE:LINE, so an editor can jump there.
"""
import os
import re
import subprocess
import sys

TEXT = (".c", ".h", ".lua", ".py", ".sh", ".md", ".build", ".scd", ".txt",
        ".cu")
NOT_OURS = ("tests/golden/", "tests/fuzz/corpus")  # data, kept byte for byte
LAYERS = ["base", "graph", "order", "plan", "emit", "jit", "pack", "tune",
          "workshop", "cli", "training", "cmd"]
LINE, FUNCTION, FILE, HEADER, PUBLIC_HEADER = 80, 60, 500, 200, 500
TEST_FILE = 650  # a list of cases is long but not deep

# Written in pieces so that this file passes its own test.
FORBIDDEN = re.compile("|".join([
    "/wo" + "rk/", "bash_" + "jobs", "/ro" + "ot/", "sub" + "agent",
    r"pypi\." + "org", r"files\.python" + "hosted", "deb" + r"\.debian\.org",
    "/tm" + "p/brief",
]))
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def files_of(root):
    """Tracked files and new ones that git does not ignore."""
    out = subprocess.run(
        ["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
        capture_output=True, text=True)
    names = out.stdout.split("\n") if out.returncode == 0 else walk(root)
    return sorted({n for n in names if n.endswith(TEXT) and
                   not n.startswith(NOT_OURS) and
                   os.path.isfile(os.path.join(root, n))})


def walk(root):
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders
                      if not f.startswith(("build", ".venv", ".git"))]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)


class Tree:
    def __init__(self, root):
        self.text = {}
        for name in files_of(root):
            with open(os.path.join(root, name), "rb") as f:
                self.text[name] = f.read().decode("utf-8", "replace")

    def lines(self, *suffixes):
        """(file, number, line) of every line of the files with a suffix."""
        for name, text in self.text.items():
            if name.endswith(suffixes):
                for number, line in enumerate(text.split("\n"), 1):
                    yield name, number, line


def long_lines(tree):
    for name, number, line in tree.lines(".c", ".h"):
        if len(line) > LINE:
            yield f"{name}:{number}: {len(line)} columns, at most {LINE}"


def stray_blanks(tree):
    for name, number, line in tree.lines(*TEXT):
        if "\t" in line and not name.endswith(".scd"):
            yield f"{name}:{number}: a tab"
        if line != line.rstrip():
            yield f"{name}:{number}: blanks at the end"
    for name, text in tree.text.items():
        if text and not text.endswith("\n"):
            yield f"{name}: no newline at the end"


def long_files(tree):
    for name, text in tree.text.items():
        limit = {".c": FILE, ".h": HEADER}.get(name[-2:])
        if limit == FILE and name.startswith("tests/"):
            limit = TEST_FILE
        if name.endswith("include/gnnac/gnnac.h"):
            limit = PUBLIC_HEADER
        n = text.count("\n")
        if limit and n > limit:
            yield f"{name}: {n} lines, at most {limit}"


def functions(lines):
    """(first line, last line) of each body: Linux braces, so a function
    opens with '{' and closes with '}' alone in column 0."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            yield start, number
            start = None


def long_functions(tree):
    for name, text in tree.text.items():
        if not name.endswith((".c", ".h")):
            continue
        for first, last in functions(text.split("\n")):
            if last - first - 1 > FUNCTION:
                yield f"{name}:{first}: {last - first - 1} lines, " \
                      f"at most {FUNCTION}"


def layer_of(path):
    """Rank of a compiler file; what lies outside compiler/ has none."""
    parts = path.split("/")
    if parts[0] != "compiler":
        return None
    if len(parts) > 2:
        return LAYERS.index(parts[1]) if parts[1] in LAYERS else None
    return len(LAYERS)  # main.c


def upward_includes(tree):
    for name, number, line in tree.lines(".c", ".h"):
        match = INCLUDE.match(line)
        mine = layer_of(name)
        if not match or mine is None:
            continue
        theirs = layer_of("compiler/" + match.group(1)) \
            if f"compiler/{match.group(1)}" in tree.text else None
        if theirs is not None and theirs > mine:
            yield f"{name}:{number}: includes {match.group(1)}, " \
                  "which lies above it"


def outside_includes(tree):
    """Folders may use only those below them (README, code map)."""
    may_not = {"runtime/": ("compiler/", "tunedb/"), "tunedb/": ("compiler/",),
               "examples/": ("compiler/", "tunedb/")}
    headers = {os.path.basename(n): n for n in tree.text if n.endswith(".h")}
    for name, number, line in tree.lines(".c", ".h"):
        match = INCLUDE.match(line)
        target = match and headers.get(os.path.basename(match.group(1)), "")
        for folder, others in may_not.items():
            if target and name.startswith(folder) and \
                    target.startswith(others):
                yield f"{name}:{number}: includes {target}"


def forbidden_words(tree):
    for name, number, line in tree.lines(*TEXT):
        if FORBIDDEN.search(line):
            yield f"{name}:{number}: a path or word of one machine"


def silent_headers(tree):
    for name, text in tree.text.items():
        if name.endswith(".h") and not text.startswith(("//", "/*")):
            yield f"{name}:1: does not open with what it is for"


def twin_names(tree):
    seen = {}
    for name in tree.text:
        base = os.path.basename(name)
        if base.endswith((".c", ".h")) and seen.setdefault(base, name) != name:
            yield f"{name}: the same file name as {seen[base]}"


CHECKS = [
    ("C lines are at most 80 columns wide", long_lines),
    ("no tabs and no blanks at line ends", stray_blanks),
    ("files are short", long_files),
    ("functions are short", long_functions),
    ("modules of the compiler include only those below them",
     upward_includes),
    ("folders include only those they may", outside_includes),
    ("nothing speaks of one machine", forbidden_words),
    ("headers say what they are for", silent_headers),
    ("C file names are unique", twin_names),
]


def main():
    tree = Tree(sys.argv[1])
    failed = 0
    for number, (title, check) in enumerate(CHECKS, 1):
        faults = list(check(tree))
        failed += bool(faults)
        for fault in faults:
            print(f"# {fault}")
        print(f"{'not ' if faults else ''}ok {number} - {title}")
    print(f"1..{len(CHECKS)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
