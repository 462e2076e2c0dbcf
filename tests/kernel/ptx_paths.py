"""What a kernel's PTX does before it comes to an instruction, on any way there.

An address is followed back to the kernel's parameters of 64 bits it is made of,
wherever in the kernel a register is written: what is found is never too little.
"""
import re

REGISTER = re.compile(r"%\w+")
# What stays in the thread or its block: arithmetic, jumps, other memory.
HARMLESS = re.compile(r"""(ld|st|atom|red)\S*\.(param|shared|local|const)\b
    |(mov|cvta?|add|addc|sub|subc|mul|mul24|mad|madc|mad24|div|rem|neg|abs|min|max
     |set|setp|selp|slct|and|or|xor|not|lop3|shl|shr|shf|prmt|bfe|bfi|bfind|brev|clz
     |popc|fma|rcp|sqrt|rsqrt|ex2|lg2|sin|cos|tanh|copysign|testp|bar|barrier|shfl
     |vote|match|activemask|bra|griddepcontrol)\b""", re.X)
LOAD = re.compile(r"ld(\.\w+)*\.global\b")


class Line:
    """An instruction: its guard aside, its name, what it writes and reads."""

    def __init__(self, text):
        self.text = text
        guard = re.match(r"@!?%p\d+\s+", text)
        self.is_guarded = bool(guard)
        self.code = text[guard.end():] if guard else text
        self.name, _, operands = self.code.partition(" ")
        first = re.match(r"\s*(\{[^}]*\}|[^,]*)(.*)", operands, re.S)
        self.writes = REGISTER.findall(first.group(1))
        self.reads = REGISTER.findall(first.group(2))
        self.operands = operands

    def is_harmless(self):
        return bool(HARMLESS.match(self.name))

    def target(self):
        """The label that it jumps to; None where it does not."""
        return self.operands.split()[-1] if self.name.startswith("bra") else None


def instructions(body):
    """(lines, {label: the place of the line behind it}), of an instruction or a
    label a line."""
    lines, labels = [], {}
    for text in re.sub(r"//.*", "", body).split("\n"):
        label = re.match(r"\s*(\$\w+):\s*$", text)
        if label:
            labels[label.group(1)] = len(lines)
        for code in text.split(";")[:-1]:
            if not code.strip().startswith("."):
                lines.append(Line(" ".join(code.split())))
    return lines, labels


class Kernel:
    def __init__(self, body):
        self.lines, self.labels = instructions(body)
        self.made_of = {}  # register: places of parameters
        while self._trace():
            pass

    def _sources(self, line):
        parameter = re.search(r"ld\.param\.[ubs]64\s.*_param_(\d+)\]", line.code)
        if parameter:
            return {int(parameter.group(1))}
        if line.name.startswith("ld"):
            return set()  # what lies in memory is no address
        return set().union(*(self.made_of.get(r, ()) for r in line.reads))

    def _trace(self):
        """One pass over all lines; whether anything was new."""
        is_new = False
        for line in self.lines:
            sources = self._sources(line)
            for register in line.writes:
                known = self.made_of.setdefault(register, set())
                is_new |= not sources <= known
                known |= sources
        return is_new

    def read_by(self, line):
        """Places of the parameters whose memory a load reads; empty where the
        line is none, or the address is not made of them."""
        if not LOAD.match(line.name):
            return []
        return sorted(set().union(*(self.made_of.get(r, set())
                                    for r in line.reads)))

    def before(self, name):
        """The lines that a thread may come to before the first of that name."""
        to_do, seen = [0], set()
        while to_do:
            at = to_do.pop()
            if at in seen or at >= len(self.lines):
                continue
            line = self.lines[at]
            if line.name.startswith(name):
                continue
            seen.add(at)
            target = line.target()
            if target:
                to_do.append(self.labels[target])
            if not target or line.is_guarded:
                to_do.append(at + 1)
        return [self.lines[at] for at in sorted(seen)]


def entries(ptx):
    """{name: body} of the kernels of a PTX text."""
    parts = re.split(r"\.entry (\w+)\(", ptx)
    return {name: body.split("\n}", 1)[0]
            for name, body in zip(parts[1::2], parts[2::2])}
