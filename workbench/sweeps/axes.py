"""What a grid goes through: keys, and the values of each."""

from collections.abc import Iterator, Sequence

from workbench.errors import USAGE, JobError


def read_sweeps(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Understand KEY=V1,V2 …; a value with commas stands in brackets: KEY=(1,2),(3,4)."""
    sweeps: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, values = text.partition("=")
        found = tuple(split_values(values))
        if not (key and equals and all(found)):
            raise JobError(f"--sweep {text}: must be KEY=VALUE,VALUE, but is not; correct it", USAGE)
        if key in sweeps:
            raise JobError(f"--sweep {key}: must be given once, but is there twice; join the values", USAGE)
        if len(set(found)) < len(found):
            raise JobError(f"--sweep {text}: values must differ, but one is there twice; drop it", USAGE)
        sweeps[key] = found
    return sweeps


def split_values(text: str) -> Iterator[str]:
    """Split at commas that are not in brackets."""
    depth, start = 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()
