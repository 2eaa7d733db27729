"""What a network knows of each class, carried over by the class's name to a network with other classes.

The last layers of Detectron2's heads have rows that belong to classes, by their order and by nothing else. A file of
weights that a run left says which class each row was for; so rows can be carried to where the same class is now,
whatever came, went or changed its place. PointRend's point heads also read the coarse answer for each class: those
columns are carried in the same way, and are zero for a new class, so that answers for the old ones stay as they are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

Tensors = Mapping[str, torch.Tensor]

NOTHING, THINGS = ("", "nothing"), ("", "every thing")  # rows that are no class of a person's
Row = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """What the rows of a network are for; `boxes` says that things are found as boxes."""

    things: tuple[str, ...]
    stuff: tuple[str, ...]
    boxes: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.things, *self.stuff)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Classes whose rows were carried over, classes that start anew, and classes that are there no more."""

    kept: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    tensors: tuple[str, ...]  # those that were put together anew

    def to_json(self) -> dict[str, list[str]]:
        """As run.json keeps it."""
        return {name: list(getattr(self, name)) for name in ("kept", "new", "gone")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where classes are along one axis of a tensor: `group` numbers for each, after `start` others."""

    classes: tuple[Row, ...]
    group: int = 1
    start: int = 0

    @property
    def size(self) -> int:
        """The length of the axis."""
        return self.start + self.group * len(self.classes)


def read_classes(about: Mapping[str, Any], names: Sequence[str]) -> Classes | None:
    """What a file of weights says of its rows; nothing where it says nothing."""
    classes = about.get("classes")
    if not isinstance(classes, Mapping):
        return None
    lists = [classes.get(kind) for kind in ("things", "stuff")]
    if not all(isinstance(one, list | tuple) and all(isinstance(name, str) for name in one) for one in lists):
        return None
    things, stuff = (tuple(one or ()) for one in lists)
    return Classes(things=things, stuff=stuff, boxes=has_boxes(names)) if things or stuff else None


def has_boxes(names: Sequence[str]) -> bool:
    """Whether a network with tensors of these names finds boxes."""
    return any(name.startswith("roi_heads.") for name in names)


def carry_rows(
    state: Tensors, fresh: Tensors, old: Classes, new: Classes
) -> tuple[dict[str, torch.Tensor], Carried]:
    """Return the state with its rows where the network has them; `fresh` is the network as it was initialised."""
    carried = dict(state)
    if (old.things, old.stuff, old.boxes) != (new.things, new.stuff, new.boxes):
        carried |= {
            name: made
            for name in state
            if name in fresh and (made := _carry_one(name, (state, old), (fresh, new))) is not None
        }
    kept = tuple(name for name in new.names if _is_known(name, old, new))
    return carried, Carried(
        kept=kept,
        new=tuple(name for name in new.names if name not in kept),
        gone=tuple(name for name in old.names if name not in new.names),
        tensors=tuple(sorted(name for name in state if carried[name] is not state[name])),
    )


def _is_known(name: str, old: Classes, new: Classes) -> bool:
    """Whether rows for a class are there to be carried: what was ground has none in the heads of boxes."""
    if new.boxes and name in new.things:
        return old.boxes and name in old.things
    return name in (old.stuff if old.boxes else old.names)


def _carry_one(
    name: str, before: tuple[Tensors, Classes], after: tuple[Tensors, Classes]
) -> torch.Tensor | None:
    """Put one tensor together: carried rows read nothing of new classes, and new rows are as initialised."""
    layouts = [_find_layouts(name, *side) for side in (before, after)]
    tensor, made = before[0][name], after[0][name].clone()
    places = [_pair(axis, layouts, (tensor, made)) for axis in range(min(tensor.dim(), 2))]
    if not any(layouts) or tensor.dim() != made.dim() or tensor.shape[2:] != made.shape[2:] or None in places:
        return None
    pairs = [pair for pair in places if pair is not None]
    (rows, from_rows), columns = pairs[0], pairs[1:]
    made[rows] = 0
    if columns:
        made[rows[:, None], columns[0][0]] = tensor[from_rows[:, None], columns[0][1]].to(made)
    else:
        made[rows] = tensor[from_rows].to(made)
    return made


Pair = tuple[torch.Tensor, torch.Tensor]


def _pair(
    axis: int, layouts: Sequence[Mapping[int, _Layout]], tensors: Sequence[torch.Tensor]
) -> Pair | None:
    """Places along an axis of the new tensor, and those of the old one that belong there."""
    there, here = (layout.get(axis) for layout in layouts)
    sizes = [tensor.shape[axis] for tensor in tensors]
    if there is None and here is None:
        same = torch.arange(sizes[0])
        return (same, same) if sizes[0] == sizes[1] else None
    if there is None or here is None or [there.size, here.size] != sizes:
        return None
    if (there.group, there.start) != (here.group, here.start):
        return None
    known = {row: place for place, row in enumerate(there.classes)}
    found = [(place, known[row]) for place, row in enumerate(here.classes) if row in known]
    steps = [
        (here.start + a * here.group + k, there.start + b * there.group + k)
        for a, b in found
        for k in range(here.group)
    ]
    steps = [*((place, place) for place in range(here.start)), *steps]
    return torch.tensor([a for a, _ in steps], dtype=torch.long), torch.tensor(
        [b for _, b in steps], dtype=torch.long
    )


def _find_layouts(name: str, state: Tensors, classes: Classes) -> dict[int, _Layout]:
    """Axis → where Detectron2's heads keep classes along it; nothing where all classes share what there is."""
    kind = next((kind for pattern, kind in _PLACES if pattern.search(name)), "")
    things, stuff = (tuple(("class", one) for one in names) for names in (classes.things, classes.stuff))
    ground = (THINGS, *stuff) if classes.boxes else (*things, *stuff)
    mine = things if name.startswith("roi_heads.") else ground
    if not kind or not mine:
        return {}
    size = state[name].shape[0]
    if kind == "scores":
        return {0: _Layout(classes=(*things, NOTHING))}
    if kind == "boxes":
        return {0: _Layout(classes=things, group=4)}
    if kind == "coarse":
        return {0: _Layout(classes=things, group=size // len(things))} if size % len(things) == 0 else {}
    if kind == "rows":
        rows = {0: _Layout(classes=mine)} if size == len(mine) else {}
        return {**rows, **_find_columns(name, state, mine)}
    return _find_columns(name, state, mine) if kind == "columns" else {}


def _find_columns(name: str, state: Tensors, mine: tuple[Row, ...]) -> dict[int, _Layout]:
    """What a point head reads last are the coarse answers: in its first layer always, in the others mostly."""
    first = state.get(re.sub(r"[^.]+\.weight$", "fc1.weight", name))
    if ".point_head." not in name or first is None or state[name].dim() < 2 or not mine:
        return {}
    start = state[name].shape[1] - len(mine)
    read = name.endswith(".fc1.weight") or start == first.shape[0]
    return {1: _Layout(classes=mine, start=start)} if read else {}


_PLACES = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"^roi_heads\.box_predictor\.(\d+\.)?cls_score\.(weight|bias)$", "scores"),
        (r"^roi_heads\.box_predictor\.(\d+\.)?bbox_pred\.(weight|bias)$", "boxes"),
        (r"^roi_heads\.mask_head\.coarse_head\.prediction\.(weight|bias)$", "coarse"),
        (r"^roi_heads\.mask_head\.(point_head\.)?predictor\.(weight|bias)$", "rows"),
        (r"^sem_seg_head\.((coarse_sem_seg_head|point_head)\.)?predictor\.(weight|bias)$", "rows"),
        (r"^(roi_heads\.mask_head|sem_seg_head)\.point_head\.fc\d+\.weight$", "columns"),
    )
)


def describe_carried(lists: Mapping[str, Sequence[str]]) -> str:
    """Say in one line what came of the classes, from `to_json`; nothing where they are the same."""
    said = ("kept", "what was learnt of {} is kept"), ("new", "{} starts anew"), ("gone", "{} is dropped")
    parts = [words.format(_name(lists[kind])) for kind, words in said if lists.get(kind)]
    return ", ".join(parts) if lists.get("new") or lists.get("gone") else ""


def _name(classes: Sequence[str], most: int = 6) -> str:
    listed = [*classes[:most], *([f"{len(classes) - most} more"] if len(classes) > most else [])]
    return ", ".join(listed)
