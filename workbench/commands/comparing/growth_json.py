"""What more labelled data would bring, as json: amounts are numbers, null where no amount is enough."""

from typing import Any

from workbench.evaluation.comparing.growth import LIKELY, WIDE
from workbench.evaluation.comparing.growth_runs import GrowthRow


def growth_to_json(row: GrowthRow, gain: float) -> dict[str, Any]:
    """Return one curve."""
    document: dict[str, Any] = {
        "category": row.measure.category,
        "measure": row.measure.name,
        "unit": row.unit,
        "points": [{"labelled": point.labelled, "score": point.score} for point in row.points],
    }
    if isinstance(row.found, str):
        return document | {"reason": row.found}
    growth, reach = row.found, row.found.compute_reach(gain)
    twice = {
        "labelled": 2 * growth.largest,
        "score": growth.foretell(2 * growth.largest)[0],
        "likely": growth.foretell(2 * growth.largest, LIKELY)[1:],
        "wide": growth.foretell(2 * growth.largest, WIDE)[1:],
    }
    return document | {
        "gain": gain,
        "more": reach.more,
        "likely": reach.likely,
        "wide": reach.wide,
        "never": reach.never,
        "objects_per_image": row.per_image,
        "twice": twice,
    }
