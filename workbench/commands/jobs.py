"""`workbench jobs`: what was launched, how it stands, and what to do about it."""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from workbench.commands.job_lines import describe, format_list, to_json
from workbench.commands.output import print_json, print_line, say
from workbench.errors import OK, USAGE, InputMissing, JobError, OutputError

if TYPE_CHECKING:
    from workbench.jobs.job import Entry
    from workbench.jobs.queue import Queue

HELP = "List jobs, show one, follow what it says, stop, retry or forget some; set how many may run at once."
EXAMPLE = "workbench jobs logs 12 -f"
SHOWN = 20  # ended jobs in a list; --all shows every one
LAST = 2**63 - 1  # the largest number of a job that there can be
TURN = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `jobs` takes."""
    acts = ("list", "show", "logs", "stop", "retry", "clean", "room")
    parser.add_argument("action", nargs="?", choices=acts, default="list")
    parser.add_argument("jobs", nargs="*", type=int, metavar="JOB", help="numbers in the list")
    parser.add_argument("-f", "--follow", action="store_true", help="logs: go on until the job has ended")
    parser.add_argument(
        "--all", action="store_true", help="every job: of the list, to stop, to retry, to clean"
    )
    parser.add_argument("--cores", type=int, metavar="N", help="room: cores that jobs may take")
    parser.add_argument("--gpus", metavar="0,1", help="room: GPUs that jobs may take; none for none")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Do what was asked, and see that somebody works on what is open."""
    from workbench.jobs.home import find_home
    from workbench.jobs.queue import Queue
    from workbench.jobs.waking import require_room, wake

    acts: dict[str, Callable[[argparse.Namespace, Queue], int]] = {
        "list": _list,
        "show": _show,
        "logs": _logs,
        "stop": _stop,
        "retry": _retry,
        "clean": _clean,
        "room": _set_room,
    }
    queue = Queue(find_home())
    if queue.has_open():  # after a crash or a reboot nobody does
        try:
            wake(queue.home)
            require_room(queue.home)
        except OutputError as error:  # it can be looked at even so, and stopped
            say(f"warning: no job is begun: {error}")
    code = acts[args.action](args, queue)
    if args.action == "retry":
        wake(queue.home)
    return code


def _list(args: argparse.Namespace, queue: "Queue") -> int:
    from workbench.jobs.job import FINAL, OPEN

    if args.jobs:
        raise JobError("workbench jobs list takes no number; workbench jobs show JOB tells of one", USAGE)
    ended = queue.entries(FINAL, last=0 if args.all else SHOWN)
    entries = sorted([*ended, *queue.entries(OPEN)], key=lambda entry: entry.number)
    if args.json:
        print_json({"jobs": [to_json(entry, queue.folder(entry.number)) for entry in entries]})
    else:
        print_line(format_list(entries, time.time()))
    return OK


def _show(args: argparse.Namespace, queue: "Queue") -> int:
    entries = _find(args, queue)
    if args.json:
        found: list[dict[str, Any]] = [to_json(entry, queue.folder(entry.number)) for entry in entries]
        print_json(found[0] if len(found) == 1 else {"jobs": found})
    else:
        print_line("\n\n".join(describe(entry, queue.folder(entry.number), time.time()) for entry in entries))
    return OK


def _logs(args: argparse.Namespace, queue: "Queue") -> int:
    """Print what a job said so far, and with -f what it goes on to say."""
    from workbench.jobs.job import OPEN

    entries = _find(args, queue)
    if len(entries) != 1:
        raise JobError("workbench jobs logs: must be given one job, but got several; name one", USAGE)
    number, place = entries[0].number, 0
    folder = queue.folder(number)
    while True:
        is_open = queue.find(number).state in OPEN  # asked first: what it says until then is printed below
        goes_on = args.follow and is_open
        if args.json and not goes_on:
            print_json(
                {
                    **to_json(queue.find(number), folder),
                    "said": _read_from(folder.log, 0).decode(errors="replace"),
                }
            )
        elif not args.json:
            place = _print_from(folder.log, place, whole_lines=goes_on)
        if not goes_on:
            return OK
        time.sleep(TURN)


def _print_from(log: Path, place: int, *, whole_lines: bool) -> int:
    """Print what a file has behind a place, and return its end; a progress bar's returns become lines."""
    found = _read_from(log, place)
    if whole_lines:  # the rest of a line, or of a letter, is still to come
        found = found[: max(found.rfind(b"\n"), found.rfind(b"\r")) + 1]
    if found:
        print_line(found.decode(errors="replace").replace("\r", "\n").removesuffix("\n"))
        sys.stdout.flush()  # whoever reads it through a pipe does not want to wait
    return place + len(found)


def _read_from(log: Path, place: int) -> bytes:
    try:
        with log.open("rb") as stream:
            stream.seek(place)
            return stream.read()
    except FileNotFoundError:
        return b""


def _stop(args: argparse.Namespace, queue: "Queue") -> int:
    from workbench.jobs.job import OPEN, RUNNING

    entries = queue.entries(OPEN) if args.all else _find(args, queue)
    for entry in entries:
        if entry.state == RUNNING:
            with suppress(
                OSError
            ):  # a full disk takes this name, if not what the queue writes; it may be this job's
                queue.folder(entry.number).stop.touch()
    with queue.changing():
        after = [queue.ask_to_stop(entry.number) for entry in reversed(entries)][::-1]
    for entry in after:
        word = "asked to stop, it ends after its checkpoint" if entry.state == RUNNING else entry.state
        say(f"job {entry.number}: {word}")
    return _tell(args, queue, after)


def _retry(args: argparse.Namespace, queue: "Queue") -> int:
    from workbench.jobs.job import FAILED, STOPPED

    entries = queue.entries((FAILED, STOPPED)) if args.all else _find(args, queue)
    after = [queue.retry(entry.number) for entry in entries]
    for entry in after:
        say(f"job {entry.number}: {entry.state}")
    return _tell(args, queue, after)


def _tell(args: argparse.Namespace, queue: "Queue", entries: "list[Entry]") -> int:
    if args.json:
        print_json({"jobs": [to_json(entry, queue.folder(entry.number)) for entry in entries]})
    return OK


def _clean(args: argparse.Namespace, queue: "Queue") -> int:
    """Forget jobs that have ended, and their logs; runs stay."""
    from workbench.jobs.job import FINAL

    numbers = [entry.number for entry in (queue.entries(FINAL) if args.all else _find(args, queue))]
    queue.remove(numbers)
    for number in numbers:
        rmtree(queue.folder(number).path, ignore_errors=True)
    say(f"{len(numbers)} jobs forgotten")
    if args.json:
        print_json({"forgotten": numbers})
    return OK


def _set_room(args: argparse.Namespace, queue: "Queue") -> int:
    from workbench.jobs.room import read_room, write_room

    room = read_room(queue.home)
    if args.cores is not None:
        if args.cores < 1:
            raise JobError(f"--cores: must be 1 or more, but got {args.cores}; correct it", USAGE)
        room = replace(room, cores=args.cores)
    if args.gpus is not None:
        room = replace(room, gpus=_read_gpus(args.gpus))
    if args.cores is not None or args.gpus is not None:
        write_room(queue.home, room)
    if args.json:
        print_json({"cores": room.cores, "gpus": list(room.gpus)})
    else:
        print_line(f"cores {room.cores}, GPUs {', '.join(map(str, room.gpus)) or 'none'}")
    return OK


def _read_gpus(text: str) -> tuple[int, ...]:
    words = [word for word in text.split(",") if word not in ("", "none")]
    if not all(word.isdecimal() for word in words) or len(set(words)) < len(words):
        raise JobError(f"--gpus {text}: must be numbers such as 0,1, or none, but is not; correct it", USAGE)
    return tuple(map(int, words))


def _find(args: argparse.Namespace, queue: "Queue") -> "list[Entry]":
    if not args.jobs:
        raise JobError(
            f"workbench jobs {args.action}: must be given a job, but got none; name its number", USAGE
        )
    for number in args.jobs:
        if not 0 < number <= LAST:
            raise InputMissing(f"job {number}: must be in the queue, but is not; workbench jobs lists them")
    return [queue.find(number) for number in args.jobs]
