"""Things that belong together because a chain of links joins them."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Union(Generic[Item]):
    """Disjoint sets: `join` what is linked, then ask for the `groups`."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._parent = {item: item for item in items}

    def find(self, item: Item) -> Item:
        """Return the item that stands for the whole set."""
        parent = self._parent
        while parent[item] != item:
            parent[item] = item = parent[parent[item]]
        return item

    def join(self, first: Item, second: Item) -> bool:
        """Make two sets one; False when they were one already."""
        one, other = self.find(first), self.find(second)
        self._parent[other] = one
        return one != other

    def groups(self) -> list[tuple[Item, ...]]:
        """Return the sets, items and sets in the order in which the items were given."""
        found: dict[Item, list[Item]] = {}
        for item in self._parent:
            found.setdefault(self.find(item), []).append(item)
        return [tuple(group) for group in found.values()]
