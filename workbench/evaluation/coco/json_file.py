"""A file of truths or predictions, whatever lies under its name."""

import errno
import json
from pathlib import Path
from typing import Any

from workbench.errors import DatasetError, InputMissing

RULE = "bad-json"
_DEEP = 1000  # levels; what is nested deeper is no COCO file


def read_json(path: Path) -> Any:
    """Read it, or say what it is instead."""
    import orjson

    content = _read(path)
    try:
        return orjson.loads(content)
    except ValueError as error:
        if not content.strip():
            raise _wrong(path, "is empty", "write it again") from error
        if "depth" in str(error):
            raise _wrong(path, "is nested too deep", "write it again") from error
        return _read_numbers(path, content, error)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputMissing(f"{path}: must be a file, but is not there; check the name") from error
    except OSError as error:
        reasons = {errno.EISDIR: "is a folder", errno.EACCES: "may not be read by you"}
        reason = reasons.get(error.errno or 0, f"cannot be read ({error.strerror})")
        raise _wrong(path, reason, "name the file itself") from error
    except ValueError as error:  # a name with a zero in it
        raise InputMissing(f"{path}: must be a file, but {error}; check the name") from error


def _read_numbers(path: Path, content: bytes, first: ValueError) -> Any:
    """Python writes NaN and Infinity, which are no JSON: they are let in, and refused where they stand."""
    try:
        found = json.loads(content)
        json.dumps(found, ensure_ascii=False).encode()
        return found
    except UnicodeEncodeError as error:
        raise _wrong(path, "has halves of letters, which no text has", "write it again") from error
    except RecursionError as error:
        raise _wrong(path, "is nested too deep", "write it again") from error
    except ValueError as error:
        if "unexpected end" in str(first) or "Unterminated" in str(error):
            message = f"ends in the middle, after {len(content):,} bytes"
            raise _wrong(path, message, "it was cut off: copy or write it again") from error
        raise _wrong(path, f"is not ({first})", "write it again") from error


def _wrong(path: Path, what: str, mend: str) -> DatasetError:
    return DatasetError(path, "", f"must be JSON, but {what}; {mend}", RULE)
