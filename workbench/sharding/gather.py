"""All parts, in the order of the list, once everything is done; nothing but the part at hand is in memory."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import BAD_DATA, JobError
from workbench.files import taking_turns, write_atomically
from workbench.sharding.plan import Plan, require_current
from workbench.sharding.quarantine import SetAside
from workbench.sharding.worker import DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The work on one chunk."""

    folder: Path
    chunk: int
    items: int  # with those that are set aside
    sums: Mapping[str, Any]
    set_aside: tuple[SetAside, ...]


def find_missing(plan: Plan) -> Iterator[int]:
    """Yield the chunks that are not done."""
    return (chunk for chunk in range(plan.chunks) if not plan.part(chunk).exists())


def require_whole(plan: Plan) -> None:
    """Refuse to gather what is not done."""
    missing = list(find_missing(plan))
    if missing:
        shards = sorted({chunk % plan.shards + 1 for chunk in missing})
        named = ", ".join(map(str, shards[:10])) + (", …" if len(shards) > 10 else "")
        raise JobError(
            f"{plan.folder}: all {plan.chunks:,} chunks must be done, but {len(missing):,} are not, of shard {named}; "
            "the same command goes on with them"
        )


def read_parts(plan: Plan) -> Iterator[Part]:
    """Yield all parts in order: each item of the list is in exactly one of them."""
    for chunk in range(plan.chunks):
        yield read_part(plan, chunk)


def read_part(plan: Plan, chunk: int) -> Part:
    """Read what is said of one part."""
    folder = plan.part(chunk)
    try:
        found = json.loads((folder / DONE).read_bytes())
        part = Part(
            folder=folder,
            chunk=int(found["chunk"]),
            items=int(found["items"]),
            sums=found["sums"],
            set_aside=tuple(SetAside(**one) for one in found["set_aside"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, repr(error)) from error
    if (part.chunk, part.items) != (chunk, plan.size(chunk)):
        raise _damaged(folder, f"it is of chunk {part.chunk} with {part.items} items")
    return part


def read_lines(plan: Plan, name: str) -> Iterator[bytes]:
    """Yield the lines of a file that each part has, one part after the other."""
    for chunk in range(plan.chunks):
        folder = plan.part(chunk)
        try:
            with (folder / name).open("rb") as stream:
                yield from stream
        except OSError as error:
            raise _damaged(folder, repr(error)) from error


def gather_once(plan: Plan, join: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Have one process put everything together: whoever comes meanwhile waits, and returns what came of that."""
    with taking_turns(plan.folder) as wait:
        wait()
        require_current(plan)
        return read_gathered(plan) or join()


def finish(plan: Plan, about: Mapping[str, Any]) -> None:
    """Say what came of it all, and then remove list and parts, which nobody needs any more."""
    require_current(plan)
    write_atomically(plan.gathered, f"{json.dumps(about, indent=1)}\n".encode())
    clear(plan)


def clear(plan: Plan) -> None:
    """Remove what a work that is over has no use for; a twin that was late may have left some after the first time."""
    for folder in ("parts", "at", "suspects"):
        shutil.rmtree(plan.folder / folder, ignore_errors=True)
    for name in ("items.jsonl", "items.index"):
        (plan.folder / name).unlink(missing_ok=True)


def read_gathered(plan: Plan) -> Mapping[str, Any] | None:
    """Return what came of it, None while it is not over."""
    try:
        found = json.loads(plan.gathered.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise _damaged(plan.gathered, repr(error)) from error
    return found if isinstance(found, dict) else None


def _damaged(path: Path, error: object) -> JobError:
    return JobError(
        f"{path}: must be whole, but is not ({error}); remove it, and let the same command go on", BAD_DATA
    )
