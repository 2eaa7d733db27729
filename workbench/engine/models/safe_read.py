"""Tensors from a file of weights, and never code: what a pickle may name is a short list."""

import pickle
import pickletools
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workbench.engine.models.row import ModelError
from workbench.extras import require
from workbench.files import explain_os_error

LARGEST = 8_000_000_000  # bytes, of the file and of what comes out of it
LONGEST_NAME = 10_000
MOST_MEMOS = 5_000_000
# What the zoo's pickles are made of: arrays of numbers, and nothing that does anything.
ALLOWED: Mapping[tuple[str, str], str] = {
    **{(module, "_reconstruct"): "array" for module in ("numpy.core.multiarray", "numpy._core.multiarray")},
    **{(module, "scalar"): "scalar" for module in ("numpy.core.multiarray", "numpy._core.multiarray")},
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("collections", "OrderedDict"): "mapping",
    ("_codecs", "encode"): "bytes",
    **{(module, "bytes"): "nothing" for module in ("builtins", "__builtin__")},
    **{(module, "_frombuffer"): "buffer" for module in ("numpy.core.numeric", "numpy._core.numeric")},
}
_TORN = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, ImportError,
    RuntimeError, MemoryError, OverflowError, RecursionError, AssertionError, UnicodeError, NotImplementedError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class WeightsError(ModelError):
    """A file of weights that cannot be used."""

    exit_code = 65


class _NumbersOnly(pickle.Unpickler):
    """An unpickler that finds numpy's arrays and nothing else; memory that a file asks for is bounded by its size."""

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the few harmless makers."""
        kind = ALLOWED.get((module, name))
        if kind is None:
            raise pickle.UnpicklingError(f"it names {module[:60]}.{name[:60]}")
        return _MAKERS[kind]

    def persistent_load(self, _pid: Any) -> Any:
        """Nothing lies outside the file."""
        raise pickle.UnpicklingError("it points outside itself")


def _reconstruct(kind: Any, shape: Any, code: Any) -> np.ndarray[Any, Any]:
    """Make the empty array that its state fills; numpy's own maker would make anything of any size."""
    if kind is not np.ndarray or tuple(shape) not in ((0,), ()):
        raise pickle.UnpicklingError("an array must start empty")
    if code not in ("b", b"b"):
        raise pickle.UnpicklingError("an array must start as bytes")
    return np.ndarray((0,), "b")


def _dtype(code: Any, *_rest: Any) -> np.dtype[Any]:
    made = np.dtype(code) if isinstance(code, str) and len(code) <= 3 else None
    if made is None or made.kind not in "biuf":
        raise pickle.UnpicklingError(f"an array must hold numbers, but {str(code)[:40]!r} is none")
    return made


def _scalar(dtype: Any, content: Any = b"") -> Any:
    raw = content.encode("latin1") if isinstance(content, str) else content
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biuf" or len(raw) != dtype.itemsize:
        raise pickle.UnpicklingError("a number must be one number")
    return np.frombuffer(raw, dtype)[0]


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError("bytes must be plain")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


def _buffer(content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray[Any, Any]:
    if (
        not isinstance(content, bytes | bytearray)
        or not isinstance(dtype, np.dtype)
        or dtype.kind not in "biuf"
    ):
        raise pickle.UnpicklingError("an array must be made of bytes and numbers")
    return np.frombuffer(bytearray(content), dtype).reshape(shape, order=order)


_MAKERS: Mapping[str, Any] = {
    "array": _reconstruct,
    "scalar": _scalar,
    "ndarray": np.ndarray,
    "dtype": _dtype,
    "mapping": dict,
    "bytes": _encode,
    "nothing": _no_bytes,
    "buffer": _buffer,
}


def read_tensors(path: Path) -> dict[str, Any]:
    """Return what a file holds: `model` (name -> tensor) and what else a zoo file says about itself."""
    reader = _find_reader(path)
    try:
        if path.stat().st_size > LARGEST:
            raise _refuse(path, f"must be at most {LARGEST} bytes, but is more")
        content = reader(path)
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: weights must exist, but do not; check the name") from error
    except OSError as error:
        raise explain_os_error(path, error) from error
    except _TORN as error:
        raise _refuse(path, f"must hold numbers only and be whole, but: {_shorten(error)}") from error
    return _require_tensors(path, content)


def _shorten(error: BaseException) -> str:
    """One printable line; of torch's long advice only what it found."""
    found = re.search(r"GLOBAL ([\w.]+)", str(error))
    first = f"it names {found[1]}" if found else (str(error).splitlines() or [type(error).__name__])[0]
    return "".join(letter for letter in first if letter.isprintable())[:160]


def _refuse(path: Path, what: str) -> WeightsError:
    return WeightsError(f"{path}: weights {what}; nothing in it was run: get the file again from its home")


def _find_reader(path: Path) -> Callable[[Path], Any]:
    if path.is_dir():
        raise WeightsError(
            f"{path}: weights must be one file, but this is a folder (a distributed checkpoint is pickled code);"
            " save it with torch.save(state_dict) or as safetensors"
        )
    readers: dict[str, Callable[[Path], Any]] = {
        ".pkl": _read_pickle,
        ".pth": _read_torch,
        ".pt": _read_torch,
        ".bin": _read_torch,
        ".pyth": _read_torch,
        ".safetensors": _read_safetensors,
    }
    if path.suffix.lower() not in readers:
        raise WeightsError(
            f"{path}: weights must be one of {', '.join(readers)}, but got {path.suffix or 'no ending'} (.pt2 and .ckpt"
            " may hold code); save them with torch.save(state_dict) or as safetensors"
        )
    return readers[path.suffix.lower()]


def _read_pickle(path: Path) -> Any:
    with path.open("rb") as stream:
        for code, number, _ in pickletools.genops(stream):
            if (
                "PUT" in code.name and int(number or 0) > MOST_MEMOS
            ):  # the C reader would fill that much memory
                raise pickle.UnpicklingError("it asks for memory beyond reason (a bomb?)")
        stream.seek(0)
        return _NumbersOnly(stream, encoding="latin1").load()


def _read_torch(path: Path) -> Any:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            grown = sum(info.file_size for info in archive.infolist())
        if grown > min(LARGEST, 2 * path.stat().st_size + 1_000_000):  # torch stores, it does not compress
            raise pickle.UnpicklingError("it grows beyond reason when unpacked (a bomb?)")
    return torch.load(path, map_location="cpu", weights_only=True)


def _read_safetensors(path: Path) -> Any:
    require("safetensors", extra="timm")
    return import_module("safetensors.torch").load_file(path)


def _require_tensors(path: Path, content: Any) -> dict[str, Any]:
    """Find the state in it: bare, under `model`, or as Caffe2 had it."""
    if not isinstance(content, dict):
        raise _refuse(path, f"must be a table of names and tensors, but is a {type(content).__name__}")
    about: dict[str, Any] = {key: value for key, value in content.items() if isinstance(value, str | bool)}
    if isinstance(content.get("about"), dict):  # what a run of ours says of its weights
        about["about"] = content["about"]
    state: Any = content
    for key in ("model", "model_state", "state_dict", "blobs"):
        if isinstance(content.get(key), dict):
            state, about = content[key], {"under": key, **about}
            break
    found: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            value = torch.from_numpy(np.array(value, order="C"))
        if isinstance(name, str) and len(name) < LONGEST_NAME and isinstance(value, torch.Tensor):
            found[name] = value
    if not found:
        raise _refuse(path, "must hold at least one named tensor, but hold none")
    return {**about, "model": found}
