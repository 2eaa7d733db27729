"""What a plan of predictions says, and what is in its parts: known to those who gather, too, who have no model."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import BAD_DATA, JobError
from workbench.sharding.plan import Plan

if TYPE_CHECKING:
    from workbench.engine.prediction.delivery import Order

NAMES = "names.jsonl"  # in each part: the files that were written
VERB = "predict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is wanted of each image."""

    run: str
    weights: str  # their digest
    out: str
    formats: tuple[str, ...]
    min_score: float
    tile: int
    device: str
    joints: tuple[str, ...]  # kinds of files that belong to all images

    def to_json(self) -> Mapping[str, Any]:
        """What the plan keeps."""
        return {"verb": VERB, **asdict(self), "formats": list(self.formats), "joints": list(self.joints)}

    def to_order(self) -> "Order":
        """What the outputs understand."""
        from workbench.engine.prediction.delivery import Order

        return Order(
            run=Path(self.run).name,
            out=Path(self.out),
            formats=self.formats,
            min_score=self.min_score,
            tile=self.tile,
        )


def read_asked(plan: Plan) -> Asked:
    """Understand what a plan asks for."""
    found = dict(plan.asked)
    try:
        if found.pop("verb") != VERB:
            raise ValueError("it is of another verb")
        return Asked(**{**found, "formats": tuple(found["formats"]), "joints": tuple(found["joints"])})
    except (KeyError, TypeError, ValueError) as error:
        raise JobError(
            f"{plan.folder}: must be a plan of predictions, but is not ({error})", BAD_DATA
        ) from error


def name_pieces(kind: str) -> str:
    """What images add to a file of all of them, in a part."""
    return f"{kind}.pieces"
