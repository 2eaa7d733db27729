"""torch, torchvision and Detectron2: do they import together, and which Detectron2 is it?"""

import json
from importlib import metadata

from workbench.doctor.fact import Fact
from workbench.doctor.parts import PARTS, Part, find_version, judge
from workbench.doctor.probes import TORCH, probe

TOGETHER = tuple(part for part in PARTS if part.project in ("torch", "torchvision", "detectron2"))
NO_OPERATORS = "without compiled operators: no deformable convolution and no rotated boxes"


def look_at_torch() -> object:
    """What the probe saw; nothing when there is no torch."""
    return probe(TORCH) if find_version("torch") else {}


def judge_training(seen: object) -> list[Fact]:
    """One fact for each of the three."""
    return [_judge_one(part, seen) for part in TOGETHER]


def _judge_one(part: Part, seen: object) -> Fact:
    if not isinstance(seen, dict):  # it crashed or hung: nobody knows which of them
        return judge(part, str(seen) if part.project == "torch" else "")
    fact = judge(part, str(seen.get(f"{part.project}_trouble", "")))
    if part.project == "torchvision" and fact.state == "wrong":
        return _replace(fact, f"{fact.value} (it must be the one made for torch {find_version('torch')})")
    if part.project == "detectron2" and fact.state in ("fine", "untried"):
        operators = "with compiled operators" if seen.get("operators") else NO_OPERATORS
        return _replace(fact, f"{fact.value}, {find_origin()}, {operators}")
    return fact


def _replace(fact: Fact, value: str) -> Fact:
    return Fact(group=fact.group, name=fact.name, state=fact.state, value=value, mend=fact.mend)


def find_origin() -> str:
    """Where the installed Detectron2 came from, as pip noted it."""
    if (find_version("detectron2") or "").endswith("+repack"):
        return "packed from the wheel sal-detectron2"
    text = metadata.distribution("detectron2").read_text("direct_url.json")
    if not text:
        return "from a wheel"
    origin = json.loads(text)
    commit = origin.get("vcs_info", {}).get("commit_id", "")[:8]
    return f"from {origin['url']}" + (f" at {commit}" if commit else "")
