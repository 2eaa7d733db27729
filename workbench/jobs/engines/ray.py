"""A Ray cluster: each try is a detached actor, which holds its cores and GPUs and starts a keeper on its node.

The actor's name tells which try it is, so that a daemon finds tries that an earlier one has started. Which names there
are is a hint; how a try stands is read from the folder of the job, which all nodes must see: a node that dies tells
nobody, and one that is taken for dead may be alive. The keeper is tied to its actor: where Ray ends the actor, or gives
its cores and GPUs away, the keeper lets the command write its checkpoint, and the job is run again elsewhere.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import SERVICE_DOWN, JobError
from workbench.jobs.engines.engine import Sign, name_keeper, name_try
from workbench.jobs.engines.ray_link import Link
from workbench.jobs.folder import JobFolder, is_running, measure_silence, read_json, write_json
from workbench.jobs.job import Entry
from workbench.jobs.room import Room

AHEAD = 1000  # cores, and GPUs, of tries that Ray is given: the rest waits here, where priorities count
SILENCE = 60.0  # seconds without a heartbeat after which a running try is dead, whatever Ray says


@dataclass(slots=True, kw_only=True)
class Ray:
    """Talks to each cluster through a process of its own."""

    home: Path
    links: dict[tuple[str, str], Link] = field(default_factory=dict)

    def room(self) -> Room:
        """Ray places, and knows what is free; one that grows by itself does so for what waits."""
        return Room(cores=AHEAD, gpus=tuple(range(AHEAD)))

    def start(self, entry: Entry, folder: JobFolder, *, grace: float, adopt: bool = False) -> str:
        """Ask for an actor whose name tells which try it is; none is adopted, since actors look after that."""
        job = entry.job
        if job.nodes > 1:
            raise JobError(
                f"job {entry.number}: must want one node on Ray, but wants {job.nodes}; use --on slurm"
            )
        wish = {
            "words": [*name_keeper(entry, folder, grace=grace), "--tied"],
            "folder": str(folder.path),
            "end_file": str(folder.end(entry.token)),
            "cores": job.cores,
            "gpus": job.gpus,
            "options": dict(job.options),
        }
        return self._find_link(entry).start(name_try(entry, folder), wish)

    def look(self, entry: Entry, folder: JobFolder) -> Sign:
        """Believe the files, and ask Ray only about what has not begun."""
        if read_json(folder.end(entry.token)):
            return Sign.GONE
        link, name = self._find_link(entry), name_try(entry, folder)
        names = link.read_names()
        status = read_json(folder.status) or {}
        if status.get("token") == entry.token:
            return _look_at_begun(
                folder, float(status.get("began", 0.0)), names is None or name in names
            ) or (_give_up(link, name))
        if names is None:  # nobody knows; a job is not lost because its scheduler sleeps
            return Sign.ALIVE
        stopped = folder.stop.exists()  # and no keeper is there to see it
        if name in names:
            if stopped:
                link.end(name)
            return Sign.ALIVE
        if stopped:  # a keeper that begins after all sees it first
            return Sign.GONE
        return _note_refusal(link.refused.pop(name, ""), entry, folder)

    def _find_link(self, entry: Entry) -> Link:
        options = entry.job.options
        key = options.get("address", ""), options.get("token", "")
        if key not in self.links:
            self.links[key] = Link(address=key[0], token=key[1])
        return self.links[key]


def _look_at_begun(folder: JobFolder, began: float, known: bool) -> Sign | None:
    """A try that began lives as long as it says so, and half as long where Ray has nothing of it any more."""
    silence = min(measure_silence(folder), time.time() - began)  # without a heartbeat, from its beginning
    alive = silence < (SILENCE if known else SILENCE / 2) or is_running(folder)
    return Sign.ALIVE if alive else None


def _give_up(link: Link, name: str) -> Sign:
    link.end(name)
    return Sign.GONE


def _note_refusal(reason: str, entry: Entry, folder: JobFolder) -> Sign:
    """Where the node could not start the keeper, nobody else is there to write it down."""
    if not reason:
        return Sign.MISSING
    write_json(folder.end(entry.token), {"code": SERVICE_DOWN, "reason": reason, "ended": time.time()})
    return Sign.GONE
