"""Files that try to run code, to fill memory, or are torn: each a name and bytes."""

import collections
import io
import os
import pickle
import struct
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch


class _Reduce:
    def __init__(self, call: Callable[..., Any], *words: Any) -> None:
        self.call, self.words = call, words

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.words


def make_payloads(marker: Path) -> Iterator[tuple[str, bytes]]:
    """Yield them all; each that runs leaves the marker file."""
    touch = f"touch {marker}"
    calls = {
        "system": _Reduce(os.system, touch),
        "popen": _Reduce(os.popen, touch),
        "run": _Reduce(subprocess.run, ["touch", str(marker)]),
        "Popen": _Reduce(subprocess.Popen, ["touch", str(marker)]),
        "eval": _Reduce(eval, f"open({str(marker)!r}, 'w')"),
        "exec": _Reduce(exec, f"open({str(marker)!r}, 'w')"),
        "open": _Reduce(open, str(marker), "w"),
        "getattr": _Reduce(getattr, os, "system") if False else _Reduce(getattr, str, "format"),
        "import": _Reduce(__import__, "antigravity"),
        "socket": _Reduce(__import__("socket").create_connection, ("127.0.0.1", 9)),
        "compile": _Reduce(compile, "1", "x", "eval"),
        "numpy_load": _Reduce(np.load, str(marker)),
        "torch_load": _Reduce(torch.load, str(marker)),
    }
    state = {"backbone.weight": np.ones(3, np.float32)}
    for name, call in calls.items():
        for protocol in (0, 2, 4):
            yield f"{name}_{protocol}.pkl", pickle.dumps({"model": {**state, "x": call}}, protocol)
        yield f"{name}_key.pkl", pickle.dumps([call], 2)
        yield f"{name}.pth", _torch(call)
        yield f"{name}_old.pth", _torch(call, zipped=False)
    yield "ordered.pkl", pickle.dumps(collections.OrderedDict(a=calls["system"]))
    yield "object_array.pkl", pickle.dumps({"a": np.array([calls["system"]], dtype=object)})
    yield "memo.pkl", b"\x80\x02N" + b"r" + struct.pack("<I", 2**31 - 1) + b"."
    yield "bytearray.pkl", b"\x80\x05\x96" + struct.pack("<Q", 2**60) + b"."
    yield "frame.pkl", b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"}."
    yield "persistent.pkl", b"\x80\x02(X\x01\x00\x00\x00aQt."
    yield "extension.pkl", b"\x80\x02\x82\x01."
    yield "stack.pkl", b"\x80\x02" + b"(" * 100_000 + b"."
    yield "inst.pkl", b"(S'" + touch.encode() + b"'\nios\nsystem\n."
    yield "obj.pkl", b"(cos\nsystem\nS'" + touch.encode() + b"'\no."
    yield "build.pkl", b"cbuiltins\ndict\n(S'a'\nS'b'\ndtRb."
    yield "huge_array.pkl", pickle.dumps(np.ones(2, np.float32)).replace(b"K\x02", b"J\xff\xff\xff\x7f", 1)
    yield "empty.pkl", b""
    yield "text.pkl", b"not a pickle"
    yield "torn.pkl", pickle.dumps(state)[:-5]
    yield "nothing.pkl", pickle.dumps({})
    yield "number.pkl", pickle.dumps(7)
    yield "empty.pth", b""
    yield "torn.pth", _torch(torch.ones(100))[:-50]
    yield "text.pth", b"PK\x03\x04 not a zip"
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 200_000_000)
    yield "bomb.pth", bomb.getvalue()
    yield "header.safetensors", struct.pack("<Q", 2**62) + b"{}"
    for ending in (".pt2", ".ckpt", ".npy", ".zip", ""):
        yield f"other{ending}", pickle.dumps({"a": calls["system"]})


def _torch(value: Any, *, zipped: bool = True) -> bytes:
    stream = io.BytesIO()
    torch.save({"model": {"a": torch.ones(2), "b": value}}, stream, _use_new_zipfile_serialization=zipped)
    return stream.getvalue()
