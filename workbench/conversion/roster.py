"""The classes of a folder: listed beforehand, or met on the way and in the end put in the order of their names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.data.dataset import Category
from workbench.project import make_categories


@dataclass(slots=True)
class Roster:
    """Gives each class a number as it is met; one look at a folder is enough, however large it is."""

    categories: tuple[Category, ...] | None
    _numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, labels: Sequence[str] | None) -> "Roster":
        """Start with these classes, or with none that is known."""
        if labels is None:
            return cls(None)
        categories = make_categories(list(labels))
        return cls(categories, {category.name: category.id for category in categories})

    def number(self, name: str) -> int:
        """Return the number of a class, a new one where it was never met."""
        return self._numbers.setdefault(name, len(self._numbers) + 1)

    def close(self) -> tuple[tuple[Category, ...], Mapping[int, int] | None]:
        """Return the classes, and what each number becomes where the names were only met on the way."""
        if self.categories is not None:
            return self.categories, None
        categories = make_categories(sorted(self._numbers))
        return categories, {self._numbers[category.name]: category.id for category in categories}
