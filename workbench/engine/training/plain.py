"""What may go into a file of ours: values that come back without running any code."""

from collections.abc import Mapping
from sys import intern
from typing import Any

import torch

_SIMPLE = (int, float, bool, type(None))


def to_plain(value: Any, where: str = "content") -> Any:
    """Return dicts, lists, tuples, texts, numbers, None and dense tensors on the CPU; or say where something else is.

    Types are taken exactly: a numpy number is a float to Python, but needs code to be read back. Equal texts become
    one: pickle writes a text that it meets again in another way than its equal, and equal contents give equal bytes.
    """
    if type(value) is str:
        return intern(value)
    if type(value) in _SIMPLE:
        return value
    if isinstance(value, torch.Tensor):
        return _to_plain_tensor(value, where)
    if isinstance(value, Mapping):
        return {_to_key(key, where): to_plain(item, f"{where}[{key!r}]") for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(to_plain(item, f"{where}[{index}]") for index, item in enumerate(value))
    raise _refuse(value, where)


def count_bytes(plain: Any) -> int:
    """Add up the tensors: about the size of the file."""
    if isinstance(plain, torch.Tensor):
        return int(plain.nbytes)
    if isinstance(plain, dict):
        return sum(map(count_bytes, plain.values()))
    return sum(map(count_bytes, plain)) if isinstance(plain, list | tuple) else 0


def _to_plain_tensor(tensor: torch.Tensor, where: str) -> torch.Tensor:
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter) or tensor.layout is not torch.strided:
        raise _refuse(tensor, where)
    plain = tensor.detach().cpu()
    if plain.untyped_storage().nbytes() > plain.nbytes:  # a view would take all that it looks at along
        plain = plain.clone()
    return plain


def _to_key(key: Any, where: str) -> str | int:
    if type(key) not in (str, int):
        raise TypeError(f"{where}: a key must be text or a whole number, but got {key!r}")
    return intern(key) if type(key) is str else key


def _refuse(value: Any, where: str) -> TypeError:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    return TypeError(
        f"{where}: must be a dict, list, tuple, str, int, float, bool, None or dense tensor, but got {kind}"
    )
