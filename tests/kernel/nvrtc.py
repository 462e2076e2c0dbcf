"""NVRTC by ctypes: just enough to compile a text and read what ptxas says.

Run as a program it prints the path of the library that it finds, if any.
"""
import ctypes
import glob
import os
import re

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def candidates():
    """Toolkits, the loader's path, the wheel that tests/setup.sh installs."""
    roots = [os.environ.get(n) for n in
             ("GNNAC_CUDA_PATH", "CUDA_HOME", "CUDA_PATH")]
    for root in roots + ["/usr/local/cuda"]:
        for folder in ("lib64", "lib") if root else ():
            yield from sorted(glob.glob(f"{root}/{folder}/libnvrtc.so*"))
    yield from ("libnvrtc.so.13", "libnvrtc.so.12")
    yield from sorted(glob.glob(ROOT + "/.venv/lib/python3*/site-packages/"
                                "nvidia/*/lib/libnvrtc.so.*"))


def find():
    """The library, or None."""
    for path in candidates():
        try:
            lib = ctypes.CDLL(path)
        except OSError:
            continue
        # NVRTC asks the loader for these by name; a wheel's are not known.
        for builtins in glob.glob(os.path.join(os.path.dirname(path),
                                               "libnvrtc-builtins.so.*")):
            ctypes.CDLL(builtins)
        return lib
    return None


def check(result):
    if result != 0:
        raise RuntimeError("NVRTC error %d" % result)


def compile_text(lib, source, arch):
    """(ok, log) of compiling the bytes `source` for e.g. "sm_90"."""
    ok, log, _ = compile_all(lib, source, arch)
    return ok, log


def ptx_of(lib, program):
    size = ctypes.c_size_t()
    check(lib.nvrtcGetPTXSize(program, ctypes.byref(size)))
    text = ctypes.create_string_buffer(size.value + 1)
    check(lib.nvrtcGetPTX(program, text))
    return text.value.decode()


def compile_all(lib, source, arch):
    """(ok, log, PTX), the last of e.g. "compute_90" alone."""
    options = [b"--gpu-architecture=" + arch.encode(), b"-Xptxas=-v",
               b"--no-cache", b"--modify-stack-limit=false"]
    if not arch.startswith("sm_"):
        del options[1]
    program = ctypes.c_void_p()
    check(lib.nvrtcCreateProgram(ctypes.byref(program), source, b"gnnac.cu", 0,
                                 None, None))
    array = (ctypes.c_char_p * len(options))(*options)
    result = lib.nvrtcCompileProgram(program, len(options), array)
    size = ctypes.c_size_t()
    check(lib.nvrtcGetProgramLogSize(program, ctypes.byref(size)))
    log = ctypes.create_string_buffer(size.value + 1)
    check(lib.nvrtcGetProgramLog(program, log))
    ptx = ""
    if result == 0 and not arch.startswith("sm_"):
        ptx = ptx_of(lib, program)
    lib.nvrtcDestroyProgram(ctypes.byref(program))
    return result == 0, log.value.decode("utf-8", "replace"), ptx


def statistics(log):
    """[(entry, registers, spilled bytes, shared bytes)] of a ptxas log."""
    found, entry, spilled = [], "", 0
    for line in log.split("\n"):
        m = re.search(r"entry function '(\w+)'", line)
        if m:
            entry, spilled = m.group(1), 0
        m = re.search(r"(\d+) bytes spill stores, (\d+) bytes spill", line)
        if m:
            spilled = int(m.group(1)) + int(m.group(2))
        m = re.search(r"Used (\d+) registers", line)
        if m:
            shared = re.search(r"(\d+) bytes smem", line)
            found.append((entry, int(m.group(1)), spilled,
                          int(shared.group(1)) if shared else 0))
    return found


def loaded_path():
    """The file of the library that find() loaded."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            if "/libnvrtc.so" in line:
                return line.split(maxsplit=5)[5].strip()
    return ""


if __name__ == "__main__":
    print(loaded_path() if find() else "")
