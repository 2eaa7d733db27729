"""What the tests of checkpoints share: small contents, a save that is killed on the way, disks that fill up."""

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import torch

from workbench.engine.training.checkpoint import list_checkpoints
from workbench.engine.training.crash import VARIABLE
from workbench.engine.training.sealed import check_sealed


def draw_content(number: int, size: int = 400) -> dict:
    """A content like a training's: parameters, an optimiser with numbers for keys, counters, texts."""
    draw = torch.Generator().manual_seed(number)
    weights = {f"layer.{i}.weight": torch.randn(size, generator=draw) for i in range(3)}
    return {
        "model": weights,
        "optimizer": {"state": {0: {"momentum_buffer": weights["layer.0.weight"] * 2}}, "lr": [0.1, 0.2]},
        "best": {"metric": "mask/AP", "value": 0.5 + number, "step": number},
        "early": None,
        "flags": (True, False, "ünï"),
    }


def same(left: object, right: object) -> bool:
    """Whether two contents are equal, types and bits of tensors included."""
    if type(left) is not type(right):
        return False
    if isinstance(left, torch.Tensor):
        return left.dtype == right.dtype and left.shape == right.shape and torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def is_killed_at(point: int, act: Callable[[], object]) -> bool:
    """Do something in a child that dies at the n-th crash point; False where it got through."""
    child = os.fork()
    if child == 0:
        os.environ[VARIABLE] = str(point)
        code = 1
        try:
            act()
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the save itself failed"
    return False


def require_whole(folder: Path) -> None:
    """No file has its final name and other bytes than its manifest says."""
    for path in list_checkpoints(folder):
        check_sealed(path)


def hashes(folder: Path) -> dict[str, str]:
    """The digest of every file, hidden ones too."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
