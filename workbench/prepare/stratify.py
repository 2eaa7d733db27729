"""Share groups out over the parts so that every class comes near its share.

By hand, because iterative-stratification needs scikit-learn, knows no groups, and cannot start from a frozen split.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

Load = Counter[
    tuple[str, str]
]  # what is to be balanced: ("images", ""), ("instances", label), ("with", label), …
IMAGES = ("images", "")
WITHOUT = ("without", "")  # images with nothing on them are a class of their own
_OVERFULL = 1.25  # a part may grow this far beyond its share to get a class that it lacks

Tally = dict[str, Load]


def measure_load(labels: Sequence[Mapping[str, int]]) -> Load:
    """Count images, instances of each class and images with each class; one mapping for each image."""
    load: Load = Counter()
    for counts in labels:
        load[IMAGES] += 1
        load[WITHOUT] += not any(counts.values())
        for label, count in sorted(counts.items()):
            if count:
                load["instances", label] += count
                load["with", label] += 1
    return +load


def share_out(
    loads: Mapping[str, Load],
    taken: Mapping[str, Load],
    shares: Mapping[str, float],
    carriers: Counter[tuple[str, str]],
) -> dict[str, str]:
    """Give every group (by name) a part; `taken` is what the parts hold already, `carriers` counts groups with a class.

    Rare classes first, large groups first, then in the order of a hash of the name: each goes to the part where it
    raises the chi-square distance from the shares least (for one class: the method of Sainte-Laguë).
    """
    tally: Tally = {part: Counter(taken.get(part, {})) for part in shares}
    total: Load = Counter()
    for load in (*tally.values(), *loads.values()):
        total.update(load)
    parts: dict[str, str] = {}
    for name in sorted(loads, key=lambda name: _rank(name, loads[name], carriers)):
        parts[name] = _choose(loads[name], tally, shares, total, carriers)
        tally[parts[name]].update(loads[name])
    for part in ("train", "val", "test"):
        _fill_empty(part, parts, loads, tally, shares)
    return parts


def _rank(name: str, load: Load, carriers: Counter[tuple[str, str]]) -> tuple[int, int, str]:
    rarity = min((carriers[key] for key in load if key != IMAGES), default=0)
    return rarity, -load[IMAGES], hash_name(name)


def hash_name(name: str) -> str:
    """An order that looks random, and is the same everywhere and for ever."""
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()


def _choose(
    load: Load, tally: Tally, shares: Mapping[str, float], total: Load, carriers: Counter[tuple[str, str]]
) -> str:
    classes = [key for key in load if key != IMAGES]
    if "train" in shares and any(carriers[key] == 1 for key in classes):
        return "train"  # a model that never saw a class cannot find it
    for part in shares:
        lacking = (
            any(tally["train"][key] and not tally[part][key] for key in classes)
            if "train" in shares
            else False
        )
        room = _OVERFULL * shares[part] * total[IMAGES]
        if lacking and tally[part][IMAGES] + load[IMAGES] <= room:
            return part
    return min(shares, key=lambda part: _strain(load, tally[part], total) / shares[part])


def _strain(load: Load, held: Load, total: Load) -> float:
    return sum(
        count / total[key] * (held[key] + count / 2) / total[key] for key, count in sorted(load.items())
    )


def _fill_empty(
    part: str, parts: dict[str, str], loads: Mapping[str, Load], tally: Tally, shares: Mapping[str, float]
) -> None:
    """A part with a share is never empty while another has a group to spare; train comes before all."""
    if part not in shares or tally[part][IMAGES]:
        return
    wanted = shares[part] * sum(held[IMAGES] for held in tally.values())
    spare = [name for name in parts if part == "train" or tally[parts[name]][IMAGES] > loads[name][IMAGES]]
    if not spare:
        return

    def cost(name: str) -> tuple[int, float, str]:
        donor, load = tally[parts[name]], loads[name]
        lost = sum(donor[key] == count for key, count in load.items())
        return lost, abs(load[IMAGES] - wanted), hash_name(name)

    chosen = min(spare, key=cost)
    tally[parts[chosen]].subtract(loads[chosen])
    tally[part].update(loads[chosen])
    parts[chosen] = part
