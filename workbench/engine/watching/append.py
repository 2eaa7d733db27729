"""Adding to the end of a file: all of it or nothing, so that a full disk leaves no torn line behind."""

import os
from pathlib import Path


def append_lines(path: Path, content: bytes) -> None:
    """Add whole lines; what a kill left torn before them stays a line of its own."""
    _append(path, content, b"\n")


def append_bytes(path: Path, content: bytes) -> None:
    """Add bytes as they are."""
    _append(path, content, b"")


def _append(path: Path, content: bytes, ending: bytes) -> None:
    if not content:
        return
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        size = os.fstat(descriptor).st_size
        if ending and size and os.pread(descriptor, 1, size - 1) != ending:
            content = ending + content
        try:
            done = 0
            while done < len(content):
                done += os.write(descriptor, content[done:])
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
