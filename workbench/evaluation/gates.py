"""Gates: what the numbers must reach, as `mask.AP>=0.42` or `Heltec:mask.AP>=0.3`, and whether they do."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import ge, gt, le, lt
from typing import Any

from workbench.errors import USAGE, WorkbenchError, nearest

EVERY = "*"  # each class that has truth
_SIGNS: Mapping[str, Callable[[float, float], bool]] = {">=": ge, "<=": le, ">": gt, "<": lt}
_FORM = re.compile(r"(?P<name>.+)(?P<sign>>=|<=|>|<)\s*(?P<bound>[0-9.]+(?:e-?[0-9]+)?)\s*(?P<percent>%?)\s*")
_ENDS = {"low": 0, "high": 1}
_ASIDE = ("per_category", "intervals", "curves", "notes")  # what holds no number of its own


class GateError(WorkbenchError):
    """A gate that asks for nothing that there is."""

    exit_code = USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One bound. `end` is low or high where that end of the interval is to keep it."""

    text: str
    category: str  # "" for all classes together
    metric: str
    end: str
    sign: str
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A gate and what it met."""

    gate: Gate
    value: float | None
    interval: tuple[float, float] | None

    @property
    def judged(self) -> float | None:
        """What is held against the bound: the value, or an end of its interval."""
        if self.gate.end and self.interval is not None:
            return self.interval[_ENDS[self.gate.end]]
        return self.value

    @property
    def passed(self) -> bool:
        """Whether the bound is kept; what has no value keeps none."""
        return self.judged is not None and _SIGNS[self.gate.sign](self.judged, self.gate.bound)

    @property
    def margin(self) -> float | None:
        """How far it is on the right side of the bound; below 0 on the wrong one."""
        if self.judged is None:
            return None
        distance = self.judged - self.gate.bound
        return distance if self.gate.sign in (">=", ">") else -distance

    @property
    def doubtful(self) -> bool:
        """Whether other images of the same kind might well have decided otherwise."""
        inside = self.interval is not None and self.interval[0] <= self.gate.bound <= self.interval[1]
        return inside and not self.gate.end

    def to_json(self) -> dict[str, Any]:
        """As the document has it."""
        interval = None if self.interval is None else list(self.interval)
        return {
            "gate": self.gate.text,
            "passed": self.passed,
            "value": self.value,
            "interval": interval,
            "bound": self.gate.bound,
            "margin": self.margin,
        }


def parse_gate(text: str) -> Gate:
    """Take a gate apart: an optional class and a colon, a number's name, a sign, and a bound (0.42 or 42%)."""
    form = _FORM.fullmatch(text.strip())
    try:
        bound = float(form["bound"]) if form else 0.0
    except ValueError:
        form = None
    if form is None:
        message = "must be a number's name, >=, <=, > or <, and a bound, as in 'mask.AP>=0.42'"
        raise GateError(f"--gate: {text!r}: {message}, but is not; write it so")
    category, _, metric = form["name"].strip().rpartition(":")
    stem, _, last = metric.strip().rpartition(".")
    metric, end = (stem, last) if last in _ENDS else (metric.strip(), "")
    bound = bound / 100 if form["percent"] else bound
    shown = " ".join(text.split())  # in one line, whatever was typed
    return Gate(text=shown, category=category.strip(), metric=metric, end=end, sign=form["sign"], bound=bound)


def judge_gates(gates: Sequence[Gate], document: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """Hold each gate against the numbers; what has no value keeps no bound."""
    return tuple(_judge(one, document) for gate in gates for one in _spread(gate, document))


def require_known(gates: Iterable[Gate], classes: Sequence[str]) -> None:
    """Refuse a class that is not there before any work is done."""
    for gate in gates:
        if gate.category and gate.category not in (*classes, EVERY):
            raise GateError(
                f"--gate: {gate.text}: {gate.category!r} must be a class, but is not{nearest(gate.category, classes)}"
            )


def _spread(gate: Gate, document: Mapping[str, Any]) -> Iterator[Gate]:
    """A gate for every class is one gate a class."""
    classes: Mapping[str, Any] = document.get("per_category", {})
    require_known((gate,), tuple(classes))
    if gate.category != EVERY:
        yield gate
        return
    rows = {name: row for name, row in classes.items() if row.get("truths", 1)}
    asked = [name for name, row in rows.items() if gate.metric in dict(find_numbers(row))]
    rest = gate.text.rpartition(":")[2]
    for name in asked or tuple(rows)[:1]:  # where none has it, the first is named in the complaint
        yield replace(gate, text=f"{name}:{rest}", category=name)


def _judge(gate: Gate, document: Mapping[str, Any]) -> Verdict:
    table = document["per_category"][gate.category] if gate.category else document
    numbers = dict(find_numbers(table))
    if gate.metric not in numbers:
        raise GateError(
            f"--gate: {gate.text}: {gate.metric!r} must be a number of this evaluation, but is not"
            f"{_name_nearest(gate.metric, numbers)}"
        )
    found, value = table.get("intervals", {}).get(gate.metric), numbers[gate.metric]
    interval = (found[0], found[1]) if found else None
    _require_unit(gate, value)
    if gate.end and value is not None and interval is None:
        raise GateError(f"--gate: {gate.text}: {gate.metric} must have an interval for this, but has none")
    return Verdict(gate=gate, value=value, interval=interval)


def _name_nearest(metric: str, numbers: Mapping[str, Any]) -> str:
    """The nearest of all, and of the list the headlines only: it is long."""
    hint = nearest(metric, numbers).partition(" (known")[0]
    known = [name for name in numbers if name.count(".") == 1 and not name.startswith("calibration")]
    return f"{hint} (known: {', '.join(known[:16])}{', …' if len(known) > 16 else ''})"


def _require_unit(gate: Gate, value: float | int | None) -> None:
    """42 is a bound that no fraction ever reaches: percent was meant, and must be said."""
    if gate.bound > 1 and not isinstance(value, int):
        message = f"{gate.metric} must be held against a fraction or a percentage"
        raise GateError(
            f"--gate: {gate.text}: {message}, but got {gate.bound:g}; write {gate.bound / 100:g} or {gate.bound:g}%"
        )


def find_numbers(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float | int | None]]:
    """Yield every number of a document, or of one class in it, by its dotted name."""
    for key, value in table.items():
        if key in _ASIDE:
            continue
        if isinstance(value, Mapping):
            yield from find_numbers(value, f"{before}{key}.")
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            yield before + str(key), value


def describe_verdict(verdict: Verdict) -> str:
    """Say what it is, its interval, and by how much."""
    gate, value, judged = verdict.gate, verdict.value, verdict.judged
    if value is None or judged is None:
        return "has no value: there is no truth for it"
    shown = f"{value}" if isinstance(value, int) else f"{value:.3f}"
    if verdict.interval:
        shown += f" ({verdict.interval[0]:.3f}–{verdict.interval[1]:.3f})"
    shown += f", the {gate.end} end" if gate.end else ","
    distance = judged - gate.bound
    size = f"{abs(distance):g}" if isinstance(value, int) else f"{abs(distance):.3f}"
    shown += f" {size} {'above' if distance > 0 else 'below'}" if distance else " as the bound"
    if verdict.doubtful:
        shown += "; might be otherwise on other images"
    return shown
