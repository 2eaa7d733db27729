"""What to label: everything, what is unlabelled, or a queue."""

from dataclasses import dataclass
from pathlib import Path

from workbench.labelling.labelled import Stock
from workbench.labelling.queue import QueueError, read_queue
from workbench.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Images with the reason why, in order; `whole` means the annotation folder itself, without a desk."""

    images: tuple[tuple[str, str], ...]
    whole: bool
    refused: tuple[str, ...] = ()  # a line each

    @property
    def names(self) -> tuple[str, ...]:
        """The images alone."""
        return tuple(image for image, _ in self.images)


def choose_work(project: Project, stock: Stock, queue: Path | None, *, unlabelled: bool) -> Work:
    """Find the images that a person means."""
    free = set(stock.unlabelled)
    if queue is None:
        chosen = tuple((image, "") for image in stock.images if image in free or not unlabelled)
        return Work(images=chosen, whole=not unlabelled)
    read = read_queue(queue, project.annotations, stock)
    if not read.images:
        raise QueueError(read.unknown[0])
    kept = tuple(one for one in read.images if one[0] in free or not unlabelled)
    labelled = [image for image, _ in read.images if image not in dict(kept)]
    refused = [
        f"{queue}: {image}: must be without labels for --unlabelled, but has some" for image in labelled
    ]
    return Work(images=kept, whole=False, refused=(*read.unknown, *refused))
