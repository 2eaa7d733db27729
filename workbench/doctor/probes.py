"""Looking from another process: an import that hangs, crashes or prints takes nothing with it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

SECONDS = 60

IMPORTS = """
import importlib, json, sys
trouble = {}
for module in sys.argv[1:]:
    try:
        importlib.import_module(module)
    except BaseException as error:
        trouble[module] = (str(error).splitlines() or [type(error).__name__])[0]
print("\\n" + json.dumps(trouble))
"""

TORCH = """
import json, warnings
warnings.simplefilter("ignore")
found = {}
def note(name, look):
    try:
        found[name] = look()
    except BaseException as error:
        found[name + "_trouble"] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
def torch_():
    import torch
    return {"cuda": torch.version.cuda, "usable": torch.cuda.is_available(), "gpus": [
        torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]}
def torchvision_():
    import torch, torchvision
    kept = torchvision.ops.nms(torch.tensor([[0.0, 0, 9, 9], [0, 0, 9, 8]]), torch.tensor([0.5, 0.4]), 0.5)
    return len(kept) == 1
def detectron2_():
    import detectron2, detectron2.model_zoo, detectron2.modeling
    return {"version": detectron2.__version__, "folder": detectron2.__path__[0]}
def operators():
    from detectron2 import _C
    return True
note("torch", torch_)
if "torch" in found:
    note("torchvision", torchvision_)
    note("detectron2", detectron2_)
    note("operators", operators)
print("\\n" + json.dumps(found))
"""


def probe(script: str, arguments: Sequence[str] = (), settings: Mapping[str, str] | None = None) -> Any:
    """Run a script that ends with one line of JSON; what goes wrong with it is a string."""
    command = [sys.executable, "-c", script, *arguments]
    environment = (
        os.environ
        | {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "FIFTYONE_DO_NOT_TRACK": "true"}
        | dict(settings or {})
    )
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} s"
    if done.returncode < 0:
        return f"it ended with signal {-done.returncode}"
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]


def ask(*command: str, seconds: float = 10) -> str | None:
    """The first line that a program prints; None when there is no such program or it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
