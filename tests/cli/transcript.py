"""Transcripts: commands with the output that they must print.

    ## a title starts a case, which runs in an empty folder
    @needs nvrtc            skip the case where this is missing
    < name                  the lines that follow, each behind "| ", make a file
    | text
    $ gnnac --version       a bash command line
    gnnac 0.1.0             standard output, line by line; "..." inside a line
    ...                     stands for anything, alone for any number of lines
    ! what is wrong         standard error, in the same way; left out: anything
    ? 1                     exit status; left out: 0

Lines that begin with "# " are comments.
"""
import os
import re
import subprocess
import tempfile

TIMEOUT_SECONDS = 240


class Step:
    def __init__(self, command, line):
        self.command, self.line = command, line
        self.stdout, self.stderr, self.status = [], [], 0


class Case:
    def __init__(self, title):
        self.title, self.needs, self.files, self.steps = title, [], {}, []


def parse(text):
    """The cases of a transcript."""
    cases, name = [], None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("## "):
            cases.append(Case(line[3:]))
        elif not cases or line.startswith("# ") or not line.strip():
            continue
        elif line.startswith("@needs "):
            cases[-1].needs += line.split()[1:]
        elif line.startswith("< "):
            name = line[2:]
            cases[-1].files[name] = ""
        elif line.startswith("| ") or line == "|":
            cases[-1].files[name] += line[2:] + "\n"
        elif line.startswith("$ "):
            cases[-1].steps.append(Step(line[2:], number))
        elif line.startswith("! "):
            cases[-1].steps[-1].stderr.append(line[2:])
        elif line.startswith("? "):
            cases[-1].steps[-1].status = int(line[2:])
        else:
            cases[-1].steps[-1].stdout.append(line)
    return cases


def matches(wanted, got):
    """Do the lines of `got` fit the lines of `wanted`?"""
    pattern = ""
    for line in wanted:
        if line == "...":
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(map(re.escape, line.split("..."))) + r" *\n"
    blank = re.compile(r"^\s*\n", re.MULTILINE)
    return re.fullmatch(pattern, blank.sub("", got)) is not None


def show(title, lines):
    return [f"{title}:"] + [f"    {line}" for line in lines]


def run_step(step, folder, env):
    """Faults of one command, as lines; none if it did as it must."""
    try:
        done = subprocess.run(["bash", "-c", step.command], cwd=folder,
                              env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        return [f"line {step.line}: {step.command}", "timed out"]
    faults = []
    if done.returncode != step.status:
        faults += [f"exit status {done.returncode}, expected {step.status}"]
    if not matches(step.stdout, done.stdout):
        faults += show("expected stdout", step.stdout)
    if step.stderr and not matches(step.stderr, done.stderr):
        faults += show("expected stderr", step.stderr)
    if faults:
        faults += show("stdout", done.stdout.splitlines()[:40])
        faults += show("stderr", done.stderr.splitlines()[:40])
        faults.insert(0, f"line {step.line}: {step.command}")
    return faults


def run_case(case, env, folder=None):
    """Faults of the first step that has any."""
    with tempfile.TemporaryDirectory() as scratch:
        home = os.path.join(scratch, "home")
        os.mkdir(home)
        os.mkdir(os.path.join(scratch, "here"))
        folder = folder or os.path.join(scratch, "here")
        env = dict(env, HOME=home, GNNAC_HOME=home, TMPDIR=scratch)
        for name, text in case.files.items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        for step in case.steps:
            faults = run_step(step, folder, env)
            if faults:
                return faults
    return []
