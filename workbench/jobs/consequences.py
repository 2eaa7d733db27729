"""What follows when a try has ended or is lost: the job has ended with it, or is run again."""

from workbench.errors import BAD_CONFIG, BAD_DATA, NO_INPUT, NO_PERMISSION, OK, TERMINATED, USAGE
from workbench.jobs import keeper
from workbench.jobs.folder import give_token, read_end, read_json, read_token
from workbench.jobs.job import FAILED, FINISHED, STOPPED, Entry
from workbench.jobs.queue import Queue

LOSSES = 10  # tries that may be lost to kills and reboots, before the job itself is suspected
PREEMPTIONS = 10  # tries that may have to give way before they came any further
SHORT = 120.0  # seconds of which a training needs most until it has begun
GOES_ON = f"{keeper.PREEMPTED}; it goes on when there is room"
# By somebody, or by a system without memory; sent away by SLURM, which may tell the command alone.
KILLED = (137, -9, TERMINATED, -15)
HOPELESS = {USAGE, BAD_DATA, NO_INPUT, NO_PERMISSION, BAD_CONFIG}  # would end the same way again


def conclude(queue: Queue, entry: Entry, code: int, reason: str) -> None:
    """Give a try that ended its consequence."""
    if code == OK:
        queue.end(entry, FINISHED, code=code)
    elif entry.stopping or reason == keeper.STOPPED:
        queue.end(entry, STOPPED, code=code, reason="stopped")
    elif reason == keeper.PREEMPTED:
        _give_way(queue, entry, code)
    elif reason == keeper.ABANDONED or (code in KILLED and not reason):
        lose(queue, entry, code)
    elif entry.failures < entry.job.retries and code not in HOPELESS:
        queue.put_back(entry, code=code, reason=reason, counter="failures")
    else:
        queue.end(entry, FAILED, code=code, reason=reason or f"exit code {code}")


def _give_way(queue: Queue, entry: Entry, code: int) -> None:
    """Go on when there is room, unless that would go on for ever: what begins anew may need more than one try has."""
    folder = queue.folder(entry.number)
    told = read_json(folder.status) or {}, read_json(folder.end(entry.token)) or {}
    took = float(told[1].get("ended", 0.0)) - float(told[0].get("began", 0.0))
    goes_on = folder.runs.exists() or "--shard" in entry.job.command  # where the try before has ended
    if goes_on and took > SHORT:
        queue.put_back(entry, code=code, reason=GOES_ON, counter="progress")
    elif entry.preemptions + 1 < PREEMPTIONS:
        queue.put_back(entry, code=code, reason=GOES_ON, counter="preemptions")
    else:
        reason = f"{keeper.PREEMPTED} {PREEMPTIONS} times in a row without getting further, at last after {took:.0f} s"
        hint = "give it a longer time limit: --slurm time=MINUTES"
        queue.end(entry, FAILED, code=code, reason=f"{reason}; {hint}")


def lose(queue: Queue, entry: Entry, code: int | None = None) -> None:
    """A try was killed, or the machine went down: the job is not to blame, unless it happens every time."""
    folder = queue.folder(entry.number)
    if read_token(folder) < entry.token:  # nobody came so far as to start it
        _end_or_put_back(queue, entry, code)
        return
    fenced = give_token(folder, entry.token + 1)  # a keeper that is only slow must not begin it after this
    end = read_end(folder, entry.token) if fenced and code is None else None
    if end is not None:  # it was only slow to say so
        conclude(queue, entry, *end)
    elif fenced or code is not None:
        _end_or_put_back(queue, entry, code, counter="losses")


def _end_or_put_back(queue: Queue, entry: Entry, code: int | None, counter: str = "") -> None:
    if entry.losses < LOSSES or entry.stopping:
        reason = "killed; tried again" if counter else ""
        queue.put_back(entry, code=code, reason=reason, counter=counter)
    else:
        reason = f"killed {LOSSES + 1} times, perhaps for lack of memory"
        queue.end(entry, FAILED, code=code, reason=reason)
