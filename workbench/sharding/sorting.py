"""Texts in order, however many: sorted in lots that fit into memory, which wait on the disk and are then merged."""

import heapq
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

LOT = 20_000  # texts in memory at once
OPEN = 64  # lots that are merged at once


def sort_texts(texts: Iterable[str], folder: Path) -> Iterator[str]:
    """Yield texts in order, each once; what does not fit waits in the folder."""
    with ExitStack() as files:
        waiting: list[IO[bytes]] = []
        source = iter(texts)
        while lot := list(islice(source, LOT)):
            waiting.append(files.enter_context(_keep(sorted(lot), folder)))
            if len(waiting) == OPEN:
                waiting = [files.enter_context(_keep(_merge(waiting), folder))]
        yield from _merge(waiting)


def _keep(texts: Iterable[str], folder: Path) -> IO[bytes]:
    stream = TemporaryFile(dir=folder)  # noqa: SIM115  # whoever merges closes it
    stream.writelines(json.dumps(text).encode() + b"\n" for text in texts)
    stream.seek(0)
    return stream


def _merge(lots: Iterable[IO[bytes]]) -> Iterator[str]:
    last: str | None = None
    for text in heapq.merge(*(map(_read, lot) for lot in lots)):
        if text != last:
            yield text
        last = text


def _read(line: bytes) -> str:
    return str(json.loads(line))
