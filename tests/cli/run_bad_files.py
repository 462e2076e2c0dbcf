#!/usr/bin/env python3
"""Malformed files: each must end with its exit code, one line on stderr that
begins with the file's name, nothing on stdout, no file left behind, soon and
in little memory. Prints TAP.

usage: run_bad_files.py GNNAC
"""
import os
import subprocess
import sys
import tempfile
import time

import bytes_of as b
import machine

SECONDS, MEBIBYTES = 20, 700
MTX = b"%%MatrixMarket matrix coordinate pattern general\n"
PAIR = dict(src_li=b.ints(0, 1), dst_li=b.ints(1, 0))


def csr(indptr, indices, shape=(3, 3)):
    return b.npz(indptr=indptr, indices=indices, shape=b.ints(*shape),
                 format=b.npy("|S3", "()", b"csr"))


# (what is wrong, file name, bytes)
GRAPHS = [
    ("an empty npy", "g.npy", b""),
    ("an npy with another magic", "g.npy", b"\x93NUMPX" + b"\0" * 100),
    ("an npy that ends in its header", "g.npy", b.edges((0, 1))[:20]),
    ("an npy whose header is longer than the file", "g.npy",
     b"\x93NUMPY\x01\x00\xff\xff{'descr': '<i8'}\n"),
    ("an npy of version 9", "g.npy",
     b.npy("<i8", "(2, 1)", b"\0" * 16, version=9)),
    ("an npy that ends in its data", "g.npy", b.edges((0, 1), (1, 2))[:-3]),
    ("an npy of floats", "g.npy", b.npy("<f8", "(2, 1)", b"\0" * 16)),
    ("an npy of objects", "g.npy", b.npy("|O", "(2, 1)", b"\0" * 16)),
    ("an npy of shape (3, 3)", "g.npy", b.npy("<i8", "(3, 3)", b"\0" * 72)),
    ("an npy of one dimension", "g.npy", b.ints(0, 1, 2)),
    ("an npy of three dimensions", "g.npy",
     b.npy("<i8", "(2, 1, 1)", b"\0" * 16)),
    ("an npy that claims 2^62 edges", "g.npy",
     b.npy("<i8", "(2, 4611686018427387904)", b"\0" * 64)),
    ("an npy that claims 2^63 edges", "g.npy",
     b.npy("<i8", "(2, 9223372036854775808)", b"\0" * 64)),
    ("an npy that claims 2^33 edges", "g.npy",
     b.npy("<i8", "(2, 8589934592)", b"\0" * 64)),
    ("an npy with a negative size", "g.npy",
     b.npy("<i8", "(2, -1)", b"\0" * 64)),
    ("an npy whose header is no dictionary", "g.npy",
     b.npy("", "", b"\0" * 16, header="print('hello')")),
    ("an npy without a shape", "g.npy",
     b.npy("", "", b"\0" * 16,
           header="{'descr': '<i8', 'fortran_order': False}")),
    ("an npy with a negative id", "g.npy", b.edges((0, 1), (1, -1))),
    ("an npy with the id 2^31", "g.npy", b.edges((0, 1), (1, 1 << 31))),
    ("an npz that is no zip", "g.npz", b"hello, world\n" * 20),
    ("an empty npz", "g.npz", b""),
    ("an npz cut short", "g.npz", b.npz(**PAIR)[:-30]),
    ("an npz without known arrays", "g.npz", b.npz(a=b.ints(1))),
    ("an npz with src_li alone", "g.npz", b.npz(src_li=b.ints(1))),
    ("an npz whose arrays differ in length", "g.npz",
     b.npz(src_li=b.ints(0, 1), dst_li=b.ints(1))),
    ("an npz with an id beyond its node count", "g.npz",
     b.npz(num_nodes=b.scalar(1), **PAIR)),
    ("an npz with a negative node count", "g.npz",
     b.npz(num_nodes=b.scalar(-5), **PAIR)),
    ("an npz with 2^40 nodes", "g.npz",
     b.npz(num_nodes=b.scalar(1 << 40), **PAIR)),
    ("an npz whose entries claim 4 GiB", "g.npz", b.lying_npz()),
    ("an npz with a wrong checksum", "g.npz", b.bad_crc_npz()),
    ("an npz with a float edge_index", "g.npz",
     b.npz(edge_index=b.floats(2, 1, [0, 1]))),
    ("a CSR whose offsets fall", "g.npz",
     csr(b.ints(0, 2, 1, 3), b.ints(0, 1, 2))),
    ("a CSR whose offsets end elsewhere", "g.npz",
     csr(b.ints(0, 1, 2, 9), b.ints(0, 1, 2))),
    ("a CSR whose offsets begin elsewhere", "g.npz",
     csr(b.ints(1, 1, 2, 3), b.ints(0, 1, 2))),
    ("a CSR with an id beyond its shape", "g.npz",
     csr(b.ints(0, 1, 2, 3), b.ints(0, 1, 3))),
    ("a CSR with a negative id", "g.npz",
     csr(b.ints(0, 1, 2, 3), b.ints(0, -1, 2))),
    ("an empty mtx", "g.mtx", b""),
    ("an mtx without its banner", "g.mtx", b"2 2 1\n1 2\n"),
    ("an mtx without its sizes", "g.mtx", MTX),
    ("an mtx with too few entries", "g.mtx", MTX + b"3 3 2\n1 2\n"),
    ("an mtx with too many entries", "g.mtx", MTX + b"3 3 1\n1 2\n2 3\n"),
    ("an mtx with the id 0", "g.mtx", MTX + b"3 3 1\n0 2\n"),
    ("an mtx with an id beyond its size", "g.mtx", MTX + b"3 3 1\n1 4\n"),
    ("an mtx with negative sizes", "g.mtx", MTX + b"-3 -3 1\n1 1\n"),
    ("an mtx that claims 2^63 entries", "g.mtx",
     MTX + b"3 3 9223372036854775808\n1 1\n"),
    ("an mtx that claims 2^61 entries", "g.mtx",
     MTX + b"3 3 2305843009213693952\n1 1\n"),
    ("an mtx of a dense array", "g.mtx",
     b"%%MatrixMarket matrix array real general\n1 1\n1\n"),
    ("an mtx with a word for a number", "g.mtx", MTX + b"3 3 1\n1 two\n"),
    ("an mtx with binary inside", "g.mtx", MTX + b"3 3 1\n1 \x00\xff\n"),
    ("a text with one number a line", "g.txt", b"0 1\n2\n"),
    ("a text with words", "g.txt", b"0 1\nzero one\n"),
    ("a text with a negative id", "g.txt", b"0 1\n1 -2\n"),
    ("a text with the id 2^31", "g.txt", b"0 1\n1 2147483648\n"),
    ("a text with an id of 30 digits", "g.txt", b"0 1\n1 " + b"9" * 30),
    ("a text with binary inside", "g.txt", b"0 1\n\x7fELF\x02\x01\x00\n"),
    ("a gzip that is none", "g.txt.gz", b"0 1\n1 2\n\x00"),
    ("a gzip cut short", "g.txt.gz", b.zeros_gz(1)[:-200]),
    ("a gzip of 128 MiB of zeros", "g.txt.gz", b.zeros_gz(128)),
    ("a suffix that is unknown", "g.jpeg", b"0 1\n"),
]

BUNDLES = [
    ("an empty bundle", "b.gnnb", b""),
    ("a bundle of text", "b.gnnb", b"hello, world\n" * 10),
    ("a bundle whose header claims 2^63 bytes", "b.gnnb",
     b"\0" * 7 + b"\x80{}"),
    ("a bundle whose header is no JSON", "b.gnnb", b.safetensors(b"{nonsense")),
    ("a bundle without a manifest", "b.gnnb", b.safetensors({})),
    ("a bundle whose manifest is no JSON", "b.gnnb",
     b.safetensors({"__metadata__": {"gnnac": "{"}})),
    ("a bundle of deep JSON", "b.gnnb",
     b.safetensors(b'{"a":' * 5000 + b"1" + b"}" * 5000)),
    ("a bundle with a tensor beyond its end", "b.gnnb",
     b.safetensors({"x": {"dtype": "F32", "shape": [4],
                          "data_offsets": [0, 16]}})),
    ("a bundle with a tensor of 2^62 elements", "b.gnnb",
     b.safetensors({"x": {"dtype": "F32", "shape": [1 << 62],
                          "data_offsets": [0, 0]}})),
]

RULES = [
    ("a rule file that never ends", "r.lua", b"while true do end\n"),
    ("a rule file that eats memory", "r.lua",
     b"local t = {} for i = 1, 1e9 do t[i] = {i} end\n"),
    ("a rule file with a giant string", "r.lua",
     b"local s = string.rep('x', 1 << 40)\n"),
    ("a rule file that recurses", "r.lua",
     b"local function f() return 1 + f() end f()\n"),
    ("a rule file with a slow pattern", "r.lua",
     b"string.find(string.rep('a', 1 << 16), string.rep('a*', 60) .. 'b')\n"),
    ("a rule file of bytecode", "r.lua", b"\x1bLua\x54\x00\x19\x93\r\n"),
    ("a rule file that reads files", "r.lua", b"io.open('/etc/passwd')\n"),
    ("a rule file that runs programs", "r.lua", b"os.execute('true')\n"),
    ("a rule file that loads code", "r.lua", b"load('return 1')()\n"),
    ("a rule file that makes a global", "r.lua", b"x = 1\n"),
    ("a rule file with a syntax error", "r.lua", b"rule 'x' {\n"),
    ("a rule file with an unknown field", "r.lua",
     b"rule 'x' { when = function() return true end, wy = 'x',\n"
     b"  choose = {template = 'row_split'} }\n"),
    ("a rule file with an unknown template", "r.lua",
     b"rule 'x' { when = function() return true end, why = 'x',\n"
     b"  choose = {template = 'no_such'} }\n"),
    ("a rule file with an unknown knob", "r.lua",
     b"rule 'x' { when = function() return true end, why = 'x',\n"
     b"  choose = {template = 'row_split', partSiz = 3} }\n"),
    ("a rule file with a knob out of range", "r.lua",
     b"rule 'x' { when = function() return true end, why = 'x',\n"
     b"  choose = {template = 'row_split', warpPerBlock = -3} }\n"),
]


class Fault(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Fault(text)


def run(argv, folder, env):
    """(status, stdout, stderr, peak MiB of this child)"""
    out, err = (open(os.path.join(folder, "..", n), "w+b")
                for n in ("out", "err"))
    with out, err:
        child = subprocess.Popen(argv, cwd=folder, env=env, stdout=out,
                                 stderr=err, stdin=subprocess.DEVNULL)
        deadline = time.time() + SECONDS
        pid = 0
        while not pid:
            pid, raw, usage = os.wait4(child.pid, os.WNOHANG)
            if not pid and time.time() > deadline:
                child.kill()
                os.wait4(child.pid, 0)
                raise Fault(f"still running after {SECONDS} s")
            time.sleep(0 if pid else 0.005)
        child.returncode = os.waitstatus_to_exitcode(raw)
        texts = []
        for f in (out, err):
            f.seek(0)
            texts.append(f.read().decode("utf-8", "replace"))
        return child.returncode, *texts, usage.ru_maxrss / 1024


def check(argv, name, data, env, limit_memory):
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "here")
        os.mkdir(folder)
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
        env = dict(env, HOME=scratch, GNNAC_HOME=scratch)
        status, out, err, peak = run(argv, folder, env)
        said = f"it said {err.strip()[:300]!r}"
        expect(status == 2, f"exit status {status}, expected 2; {said}")
        expect(out == "", f"stdout holds {out[:200]!r}")
        expect(err.count("\n") == 1, f"not one line: {said}")
        expect(err.startswith(name) and len(err) > len(name) + 8,
               f"the line does not begin with the file: {said}")
        expect(os.listdir(folder) == [name], "it left files behind")
        expect(not limit_memory or peak < MEBIBYTES, f"used {peak:.0f} MiB")


def main():
    gnnac = os.path.abspath(sys.argv[1])
    tap, env = machine.Tap(), machine.environment(gnnac)
    # A sanitizer's own memory says nothing about ours.
    limit_memory = b"__asan_init" not in open(gnnac, "rb").read()
    plans = [(GRAPHS, lambda name: [gnnac, "convert", name, "out.npy"]),
             (BUNDLES, lambda name: [gnnac, "inspect", "--check", name]),
             (RULES, lambda name: [gnnac, "rules", "check", name])]
    for table, argv in plans:
        for title, name, data in table:
            try:
                check(argv(name), name, data, env, limit_memory)
                faults = []
            except Fault as fault:
                faults = [str(fault)]
            tap.result(f"{title} is refused", faults)
    tap.done()


if __name__ == "__main__":
    main()
