"""What can go wrong, in words a person can act on.

Every message follows one grammar:
`<file>: <where>: <what must be>, but got <what is>; <what to do>`.
"""

from collections.abc import Iterable

OK, FAILED, USAGE = 0, 1, 2
BAD_DATA, NO_INPUT, SERVICE_DOWN, BUG, OUT_OF_MEMORY = 65, 66, 69, 70, 71
CANNOT_CREATE, IO_FAILED, BUSY, NO_PERMISSION, BAD_CONFIG = 73, 74, 75, 77, 78
INTERRUPTED, TERMINATED = 130, 143


class WorkbenchError(Exception):
    """An expected failure: one line for the person, no traceback."""

    exit_code = FAILED


class ProjectError(WorkbenchError):
    """A project.toml, or a project's folder, that cannot be used."""

    exit_code = BAD_CONFIG


class InputMissing(WorkbenchError):
    """A file or folder that was named does not exist."""

    exit_code = NO_INPUT


class JobError(WorkbenchError):
    """A job that cannot be run, found or changed."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class OutputError(WorkbenchError):
    """A file that cannot be written: no space, no permission, or something in the way."""

    def __init__(self, message: str, exit_code: int = CANNOT_CREATE) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class AnnotationError(WorkbenchError):
    """A file of annotations that cannot be read; `rule` names the finding that it becomes."""

    exit_code = BAD_DATA

    def __init__(self, path: object, where: str, message: str, rule: str = "unreadable") -> None:
        super().__init__(": ".join(part for part in (str(path), where, message) if part))
        self.path, self.where, self.message, self.rule = str(path), where, message, rule

    def __reduce__(self) -> tuple[object, ...]:
        """Carry the parts, not the joined line, when it crosses to another process."""
        return (type(self), (self.path, self.where, self.message, self.rule))


class DatasetError(AnnotationError):
    """A dataset file (COCO and its relatives) that cannot be trusted."""


class MissingExtra(WorkbenchError):
    """A package that this verb needs and the core install does not bring."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `'; did you mean "x"?'` plus the list of valid names, ready to end a message."""
    from difflib import get_close_matches  # only whoever mistyped something waits for it

    names = sorted(known)
    close = get_close_matches(name[:100], names, n=1)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    listed = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return f"{hint} (known: {listed or 'none'})"
