"""The list that a sharded work goes through, and how it is divided; made once, and never changed after that.

plan.json    what was asked, its digest, how many items and shards there are, how many items make a chunk
items.jsonl  the items, one JSON text a line, in their order
items.index  where each chunk begins in that file, and where it ends: numbers of eight bytes
parts/       what is done: a folder for each chunk, which takes its name when it is whole
suspects/    items that ended a process
at/          which item each process is at

A chunk is what is done at once: what a kill costs, and what a part holds. The items of a chunk follow each other; the
chunks are dealt to the shards in turns, so that neighbours, which are often alike, are spread. What is done is known by
its chunk, not by its shard: the number of shards may change in between.
"""

import hashlib
import json
import os
import shutil
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.errors import BAD_DATA, BUSY, CANNOT_CREATE, InputMissing, JobError
from workbench.files import claim, explain_os_error, sync_folder, temporary_name, write_atomically

FORMAT = 1
LARGEST = 128  # items in a chunk, unless there are so many that the index would be long
CHUNKS = 16  # that a shard gets at least, where there are enough items
MARKS = 1 << 16  # places that are remembered while a list is written; beyond that every second one is dropped
HERD = 1000  # parts in a folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A list on disk and its division; shards count from 1, items and chunks from 0."""

    folder: Path
    asked: Mapping[str, Any]  # what somebody wants done with each item: JSON
    digest: str  # of what was asked and of all items
    count: int
    chunk: int
    shards: int

    @property
    def chunks(self) -> int:
        """How many there are."""
        return -(-self.count // self.chunk)

    @property
    def suspects(self) -> Path:
        """Where it is written down which items ended a process."""
        return self.folder / "suspects"

    @property
    def at(self) -> Path:
        """Where each process says which item it is at."""
        return self.folder / "at"

    @property
    def gathered(self) -> Path:
        """There, when all parts were put together; what came of it."""
        return self.folder / "gathered.json"

    def part(self, chunk: int) -> Path:
        """Where the work on a chunk lies when it is done."""
        return self.folder / "parts" / f"{chunk // HERD:05d}" / f"{chunk:08d}"

    def size(self, chunk: int) -> int:
        """How many items a chunk has."""
        return min(self.chunk, self.count - chunk * self.chunk)

    def list_chunks(self, shard: int) -> range:
        """The chunks of one shard."""
        if not 1 <= shard <= self.shards:
            raise JobError(
                f"{self.folder}: a shard must be from 1 to {self.shards}, but got {shard}; correct it"
            )
        return range(shard - 1, self.chunks, self.shards)

    def items(self, shard: int) -> Iterator[tuple[int, str]]:
        """Yield the items of one shard with their numbers in the whole list."""
        for chunk in self.list_chunks(shard):
            yield from self.read_chunk(chunk)

    def read_chunk(self, chunk: int) -> list[tuple[int, str]]:
        """Return the items of one chunk with their numbers; nothing else of the list is read."""
        try:
            with (self.folder / "items.index").open("rb") as stream:
                stream.seek(chunk * 8)
                start, end = array("Q", stream.read(16))
            with (self.folder / "items.jsonl").open("rb") as stream:
                stream.seek(start)
                lines = stream.read(end - start).splitlines()
            found = [json.loads(line) for line in lines]
        except (OSError, ValueError) as error:
            raise _damaged(self.folder, error) from error
        if len(found) != self.size(chunk):
            raise _damaged(self.folder, f"chunk {chunk} has {len(found)} items, not {self.size(chunk)}")
        return list(enumerate(found, chunk * self.chunk))


def make_plan(
    folder: Path, items: Iterable[str], *, shards: int, asked: Mapping[str, Any], chunk: int = 0
) -> Plan:
    """Write a list and its division down; where the same was begun already, take that with all that is done of it.

    The items are read once and not kept. A plan that was gathered is over: a new one takes its place.
    """
    staging, held = temporary_name(folder), -1
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        held = os.open(staging, os.O_RDONLY)
        claim(held)  # or somebody else's sweep would take it for left behind
        plan = _write(staging, items, shards, asked, chunk)
        return _take_place(replace(plan, folder=folder), staging)
    except OSError as error:
        raise explain_os_error(folder, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if held >= 0:
            os.close(held)


def read_plan(folder: Path) -> Plan:
    """Read what `make_plan` wrote."""
    try:
        found = json.loads((folder / "plan.json").read_bytes())
        if found.pop("format") != FORMAT:
            raise ValueError("it is of another version of the workbench")
        return Plan(folder=folder, **found)
    except FileNotFoundError:
        raise InputMissing(f"{folder}: must be a plan, but has no plan.json; check the name") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, error) from error


def require_current(plan: Plan) -> None:
    """Refuse to go on with a list that somebody has removed, or put another one in the place of."""
    if not has_plan(plan.folder):
        raise JobError(f"{plan.folder}: must stay while somebody is at it, but was removed; begin anew")
    if read_plan(plan.folder).digest != plan.digest:
        raise JobError(
            f"{plan.folder}: must stay while somebody is at it, but another has taken its place; go on with that"
        )


def has_plan(folder: Path) -> bool:
    """Whether a plan lies there."""
    return (folder / "plan.json").is_file()


@dataclass(slots=True)
class _Marks:
    """Where every so many items begin; `step` doubles as the list grows, so that there are never many."""

    step: int = 1
    places: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, number: int, place: int) -> None:
        if number % self.step:
            return
        if len(self.places) == MARKS:
            self.places = self.places[::2]
            self.step *= 2
            if number % self.step:
                return
        self.places.append(place)


def _write(folder: Path, items: Iterable[str], shards: int, asked: Mapping[str, Any], chunk: int) -> Plan:
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode() + b"\n")
    marks, count, place = _Marks(), 0, 0
    with (folder / "items.jsonl").open("wb") as stream:
        for count, item in enumerate(items, 1):
            marks.add(count - 1, place)
            line = json.dumps(item).encode() + b"\n"  # a name that is no UTF-8 is kept as it is
            digest.update(line)
            place += stream.write(line)
        _sync(stream.fileno(), stream)
    wanted = chunk or min(LARGEST, max(1, count // (shards * CHUNKS)))
    steps = -(-wanted // marks.step)
    index = marks.places[::steps]
    index.append(place)
    with (folder / "items.index").open("wb") as stream:
        stream.write(index.tobytes())
        _sync(stream.fileno(), stream)
    size = steps * marks.step
    plan = Plan(
        folder=folder,
        asked=asked,
        digest=digest.hexdigest(),
        count=count,
        chunk=size,
        shards=max(1, min(shards, -(-count // size))),
    )
    for name in ("parts", "suspects", "at"):
        (folder / name).mkdir()
    _write_head(plan)
    return plan


def _sync(descriptor: int, stream: Any) -> None:
    stream.flush()
    os.fsync(descriptor)


def _write_head(plan: Plan) -> None:
    content = {
        "format": FORMAT,
        "asked": dict(plan.asked),
        "digest": plan.digest,
        "count": plan.count,
        "chunk": plan.chunk,
        "shards": plan.shards,
    }
    write_atomically(plan.folder / "plan.json", f"{json.dumps(content, indent=1)}\n".encode())


def _take_place(plan: Plan, staging: Path) -> Plan:
    """Give a new plan its name, unless the same lies there and is not over."""
    folder = plan.folder
    if _is_over(folder):
        _make_room(folder)
    try:
        staging.rename(folder)
    except OSError:  # there is one, or somebody has just put one there
        if not has_plan(folder):
            raise JobError(
                f"{folder}: must be free or a plan, but somebody else made it; choose another folder",
                CANNOT_CREATE,
            ) from None
        return _go_on(read_plan(folder), plan)
    sync_folder(folder.parent)
    return plan


def _is_over(folder: Path) -> bool:
    return (folder / "gathered.json").exists() or (folder.is_dir() and not any(folder.iterdir()))


def _make_room(folder: Path) -> None:
    """Remove a plan that is over, under another name first: a twin may just have begun anew in its place."""
    old = temporary_name(folder.with_name(f"{folder.name}.old"))
    with suppress(FileNotFoundError):
        folder.rename(old)
    if _is_over(old):
        shutil.rmtree(old, ignore_errors=True)
    else:
        with suppress(OSError):
            old.rename(folder)


def _go_on(old: Plan, new: Plan) -> Plan:
    """Take what was begun, if it is the same work."""
    if old.digest != new.digest:
        raise JobError(
            f"{old.folder}: must be the same work to be gone on with, but {_find_difference(old, new)}; "
            "choose another folder, or stop its jobs and remove this one to begin anew",
            BUSY,
        )
    shards = max(1, min(new.shards, old.chunks))
    if shards != old.shards:
        old = replace(old, shards=shards)
        _write_head(old)
    return old


def _find_difference(old: Plan, new: Plan) -> str:
    for key in sorted({*old.asked, *new.asked}):
        before, now = old.asked.get(key), new.asked.get(key)
        if before != now:
            return f"{key} was {json.dumps(before)[:80]}, and now is {json.dumps(now)[:80]}"
    return f"its list was another ({old.count:,} items, now {new.count:,})"


def _damaged(folder: Path, error: object) -> JobError:
    return JobError(f"{folder}: must be a whole plan, but is damaged ({error}); begin anew", BAD_DATA)
