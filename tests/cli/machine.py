"""What the command-line tests need of the machine, and the TAP they print."""
import functools
import glob
import os
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
GRAPHS = os.environ.get("GNNAC_TEST_GRAPHS",
                        os.path.join(ROOT, "..", "shared", "graphs"))


def environment(gnnac):
    """Variables for commands: `gnnac` on the path, no settings of the user."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GNNAC_")}
    for name in ("GNNAC_CUDA_PATH", "GNNAC_TEST_KERNELS"):
        if name in os.environ:
            env[name] = os.environ[name]
    env.update(PATH=os.path.dirname(os.path.abspath(gnnac)) + ":" +
               env.get("PATH", ""), LC_ALL="C.UTF-8", GNNAC_SOURCE_ROOT=ROOT,
               GRAPHS=os.path.abspath(GRAPHS), SOURCE=ROOT)
    return env


@functools.lru_cache(None)
def has(what, gnnac):
    """Is "graphs", "nvrtc", "gpu" or a command of that name here?"""
    if what == "graphs":
        return bool(glob.glob(os.path.join(GRAPHS, "karate.npz")))
    if what == "no-gpu":
        return not has("gpu", gnnac)
    if what in ("nvrtc", "gpu"):
        found = subprocess.run([gnnac, "doctor", "--json"],
                               env=environment(gnnac), capture_output=True,
                               text=True, stdin=subprocess.DEVNULL)
        return doctor_found(found.stdout, what)
    return subprocess.run(["bash", "-c", f"command -v {what}"],
                          capture_output=True).returncode == 0


def doctor_found(text, what):
    import json
    try:
        return bool(json.loads(text)[what]["found"])
    except (ValueError, KeyError, TypeError):
        return False


class Tap:
    """Numbers results and ends with the plan."""

    def __init__(self):
        self.number = self.failed = 0

    def result(self, title, faults, skip=None):
        self.number += 1
        self.failed += bool(faults)
        for fault in faults:
            print(f"# {fault}")
        print(f"{'not ' if faults else ''}ok {self.number} - {title}" +
              (f" # SKIP {skip}" if skip and not faults else ""), flush=True)

    def done(self):
        print(f"1..{self.number}")
        sys.exit(1 if self.failed else 0)
