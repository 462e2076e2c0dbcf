"""The ctypes table against the header that it stands for."""
import ctypes
import re
import subprocess
import tempfile

import gnnac
from gnnac import _abi, errors
from support import HEADER, PACKAGE, Case

TEXT = re.sub(r"//[^\n]*", "", HEADER.read_text())

# What a type of the header is in the table.
SCALARS = {"size_t": ctypes.c_size_t, "uint64_t": ctypes.c_uint64,
           "int": ctypes.c_int, "gnnac_status": ctypes.c_int,
           "gnnac_math": ctypes.c_int,
           "int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64,
           "void": None, "gnnac_stream": ctypes.c_void_p}
STRUCTS = {n: ctypes.POINTER(s) for n, s in _abi.STRUCTS.items()}


def table_type(text):
    """The ctypes type of a C declaration without its name."""
    base = re.sub(r"\bconst\b|\*", " ", text).split()[0]
    stars = text.count("*")
    if stars == 0:
        return SCALARS[base]
    if base == "char":
        return ctypes.c_char_p
    if stars == 2:
        return ctypes.POINTER(ctypes.c_void_p)
    return STRUCTS.get(base, ctypes.c_void_p)


def declarations():
    """name: (type of the result, types of the arguments), as C text."""
    found = re.findall(r"GNNAC_API\s+([^();]*?)(gnnac_\w+)\s*\(([^)]*)\)\s*;",
                       TEXT)
    return {name: (result.strip(),
                   [re.sub(r"\w+$", "", a.strip()) for a in arguments.split(",")
                    if a.strip() != "void"])
            for result, name, arguments in found}


class Abi(Case):
    def test_all(self):
        """every function of the header has its row, and no other"""
        self.assertGreater(len(declarations()), 10)
        self.assertEqual(len(declarations()),
                         len(re.findall("^GNNAC_API", TEXT, re.MULTILINE)))
        self.assertEqual(set(declarations()), set(_abi.FUNCTIONS))

    def test_types(self):
        """results and arguments have the header's number and types"""
        for name, (result, arguments) in declarations().items():
            with self.subTest(name):
                row = _abi.FUNCTIONS[name]
                self.assertEqual(row[0], table_type(result))
                self.assertEqual(row[1], [table_type(a) for a in arguments])

    def test_status(self):
        """status codes are the header's, each with an exception"""
        body = re.search(r"enum gnnac_status \{(.*?)\}", TEXT, re.DOTALL)[1]
        names = [n.split("=")[0].strip().removeprefix("GNNAC_")
                 for n in body.split(",")]
        self.assertEqual(names, [s.name for s in sorted(gnnac.Status)])
        self.assertEqual(list(range(len(names))), sorted(gnnac.Status))
        self.assertEqual(set(errors._FAMILY),
                         set(gnnac.Status) - {gnnac.Status.OK})

    def test_version(self):
        """the package has the library's version"""
        wanted = re.search(r'GNNAC_VERSION "(.*)"', TEXT)[1]
        self.assertEqual(gnnac.__version__, wanted)

    def test_structs(self):
        """structs have the header's members at the compiler's offsets"""
        code = '#include <stdio.h>\n#include <gnnac/gnnac.h>\nint main(void){'
        wanted = ""
        for name, struct in _abi.STRUCTS.items():
            code += f'printf("%zu\\n", sizeof({name}));'
            wanted += f"{ctypes.sizeof(struct)}\n"
            for field, *_ in struct._fields_:
                code += f'printf("%zu\\n", offsetof({name}, {field}));'
                wanted += f"{getattr(struct, field).offset}\n"
        with tempfile.TemporaryDirectory() as folder:
            try:
                subprocess.run(
                    ["cc", "-xc", "-", "-o", f"{folder}/a", "-I",
                     HEADER.parents[1]], input=code + "}\n", text=True,
                    check=True)
            except FileNotFoundError:
                self.skipTest("no C compiler")
            got = subprocess.run([f"{folder}/a"], capture_output=True,
                                 text=True, check=True).stdout
        self.assertEqual(got, wanted)

    def test_typed(self):
        """the package says that it is typed, and every function is"""
        import ast
        self.assertTrue((PACKAGE / "gnnac" / "py.typed").is_file())
        for path in (PACKAGE / "gnnac").rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.FunctionDef):
                    continue
                a = node.args
                every = [*a.posonlyargs, *a.args, *a.kwonlyargs]
                if a.vararg:
                    every.append(a.vararg)
                bare = [x.arg for x in every
                        if not x.annotation and x.arg not in ("self", "cls")]
                self.assertEqual((bare, node.returns is not None), ([], True),
                                 f"{path.name}:{node.lineno}")
