"""What a poorer format cannot hold, said for each instance that loses it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """`instance` is its place in the image; `what` is a word of docs/importing.md, "What other formats lose"."""

    image: str
    instance: int
    what: str
