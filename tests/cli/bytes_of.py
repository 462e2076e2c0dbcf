"""Well-formed and ill-formed bytes of the file forms, without libraries."""
import gzip
import io
import json
import struct
import zipfile


def npy(dtype, shape, data, version=1, header=None):
    text = header or "{'descr': '%s', 'fortran_order': False, " \
        "'shape': %s, }" % (dtype, shape)
    text = text.encode()
    size = struct.pack("<H" if version == 1 else "<I", len(text) + 1)
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + b"\n" + data


def ints(*values):
    return npy("<i8", "(%d,)" % len(values),
               struct.pack("<%dq" % len(values), *values))


def scalar(value):
    return npy("<i8", "()", struct.pack("<q", value))


def floats(rows, cols, values):
    return npy("<f4", "(%d, %d)" % (rows, cols),
               struct.pack("<%df" % len(values), *values))


def edges(*pairs):
    """npy [2, E] of (src, dst) pairs."""
    flat = [p[0] for p in pairs] + [p[1] for p in pairs]
    return npy("<i8", "(2, %d)" % len(pairs),
               struct.pack("<%dq" % len(flat), *flat))


def npz(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members.items():
            z.writestr(zipfile.ZipInfo(name + ".npy"), data)
    return out.getvalue()


def patched(data, old, new):
    """`data` with every `old` replaced; both must be of one length."""
    assert old in data and len(old) == len(new)
    return data.replace(old, new)


def lying_npz():
    """Members whose zip entries claim 4 GiB and hold a few bytes."""
    good = npz(src_li=ints(0, 1), dst_li=ints(1, 0), num_nodes=scalar(2))
    size = struct.pack("<I", len(ints(0, 1)))
    return patched(good, size, b"\xf0\xff\xff\xff")


def bad_crc_npz():
    good = bytearray(npz(src_li=ints(0, 1), dst_li=ints(1, 0)))
    at = good.find(b"PK\x01\x02") + 16  # CRC in the central directory
    good[at] ^= 1
    return bytes(good)


def zeros_gz(mebibytes):
    return gzip.compress(b"\0" * (mebibytes << 20), 1)


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data
