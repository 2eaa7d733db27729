"""What SLURM is told: a batch job for a try, or an array for the tries of one group; submitit writes and submits both.

The command of a batch job is a keeper, on the first of its machines. The name of an array is that of its first try, and
the index of a task is how many numbers its job comes after the first one: what squeue says is enough to know every try
again, though nobody wrote down under which number SLURM took it.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

from workbench.errors import USAGE, JobError, nearest
from workbench.jobs.engines.engine import Begun, EngineBusy, name_keeper, name_try
from workbench.jobs.folder import NAME, JobFolder
from workbench.jobs.job import Entry, Job

NOTICE = 60  # seconds before the time limit at which the command is asked to write its checkpoint
MARGIN = 2  # minutes that SLURM gives beyond a job's own limit, which the keeper looks after
DAY = 60 * 24  # minutes that a job may take of which nothing is said
AT_ONCE = "array_parallelism"  # how many tasks of an array may run at once
# What may be said beside what we say ourselves.
OPTIONS = (
    *("partition", "account", "qos", "mem", "mem_per_cpu", "mem_per_gpu", "constraint", "exclude"),
    *("nodelist", "gres", "comment", "time", "exclusive", "mail_type", "mail_user", "dependency", AT_ONCE),
)
# Words of sbatch when it may say something else later: nobody answers, or somebody has too many jobs already.
LATER = (
    *("unable to contact", "not responding", "timed out", "connection", "zero bytes", "send failure"),
    *("receive failure", "standby mode", "authentication", "temporarily", "try again"),
    *("maxsubmit", "submitjob", "shutdown"),
)


def name_task(name: str, place: str) -> str:
    """The name of a try, from the name of its batch job and SLURM's number: 12, or 12_3 in an array."""
    index, words = place.partition("_")[2], name.split("-")
    if not index.isdecimal() or len(words) != 4 or not words[2].isdecimal():
        return name
    return "-".join((*words[:2], str(int(words[2]) + int(index)), words[3]))


def gather(tries: Iterable[Begun], longest: int) -> list[list[Begun]]:
    """Put those together that fit into one array: of one group, alike in what they need, and near each other."""
    found: dict[str, list[list[Begun]]] = {}
    for one in sorted(tries, key=lambda one: one[0].number):
        arrays = found.setdefault(_describe_needs(*one), [])
        if arrays and one[0].job.group and one[0].number - arrays[-1][0][0].number < longest:
            arrays[-1].append(one)
        else:
            arrays.append([one])
    return [array for arrays in found.values() for array in arrays]


def _describe_needs(entry: Entry, folder: JobFolder) -> str:
    job = entry.job
    return repr(
        (job.group, entry.token, job.cores, job.gpus, job.nodes, job.limit, sorted(job.options.items()))
    )


def submit(tries: Sequence[Begun], scripts: Path, *, grace: float) -> list[str]:
    """Give SLURM a batch job for these tries, and return its number of each."""
    from workbench.extras import require

    submitit = require("submitit", extra="scale")
    scripts.mkdir(parents=True, exist_ok=True)
    try:
        executor = submitit.SlurmExecutor(folder=scripts)
    except RuntimeError as error:
        raise EngineBusy("--on slurm: sbatch and srun must be on the path, but are not; add them") from error
    executor.update_parameters(**_choose_parameters(tries))
    try:
        number = str(executor._submit_command(_write_command(tries, grace)).job_id)
    except submitit.core.utils.FailedJobError as error:
        raise _explain(tries, " ".join(str(error).split())[-300:]) from error
    first = tries[0][0].number
    return [f"{number}_{entry.number - first}" if len(tries) > 1 else number for entry, _ in tries]


def _choose_parameters(tries: Sequence[Begun]) -> dict[str, Any]:
    entry, folder = tries[0]
    job = entry.job
    more = {
        "no-requeue": True,  # it is submitted again from here, with a new token
        "signal": f"B:USR2@{NOTICE}",  # to the keeper; the command hears of it from there
        **({"array": _write_indices(tries, job)} if len(tries) > 1 else {}),
    }
    return {
        "job_name": name_try(entry, folder),
        "nodes": job.nodes,
        "ntasks_per_node": 1,
        "cpus_per_task": job.cores,
        "time": ceil(job.limit / 60) + MARGIN if job.limit else DAY,
        "stderr_to_stdout": True,
        "use_srun": False,  # one keeper, however many machines there are
        "additional_parameters": more,
        **({"gpus_per_node": job.gpus} if job.gpus else {}),
        **{name: value for name, value in job.options.items() if name != AT_ONCE},
    }


def _write_indices(tries: Sequence[Begun], job: Job) -> str:
    """As sbatch wants them: 0-3,7%2."""
    first = tries[0][0].number
    ranges: list[list[int]] = []
    for entry, _ in tries:
        index = entry.number - first
        if ranges and index == ranges[-1][1] + 1:
            ranges[-1][1] = index
        else:
            ranges.append([index, index])
    words = [str(low) if low == high else f"{low}-{high}" for low, high in ranges]
    return ",".join(words) + (f"%{job.options[AT_ONCE]}" if AT_ONCE in job.options else "")


def _write_command(tries: Sequence[Begun], grace: float) -> str:
    """The keeper takes the place of the script, so that signals reach it; in an array the shell finds its folder."""
    entry, folder = tries[0]
    words = [shlex.quote(word) for word in name_keeper(entry, folder, grace=grace)]
    if len(tries) > 1:
        pattern = shlex.quote(f"{folder.path.parent}/".replace("%", "%%") + NAME)
        found = f'"$(printf {pattern} $(({entry.number} + SLURM_ARRAY_TASK_ID)))"'
        words[words.index(shlex.quote(str(folder.path)))] = found
    return f"exec {' '.join(words)}"


def _explain(tries: Sequence[Begun], said: str) -> JobError:
    numbers = [entry.number for entry, _ in tries]
    which = f"job {numbers[0]}" if len(numbers) == 1 else f"jobs {numbers[0]} to {numbers[-1]}"
    if any(word in said.lower() for word in LATER):
        return EngineBusy(f"SLURM does not take it at the moment: {said}")
    return JobError(f"{which}: SLURM must take it, but does not: {said}")


def require_options(options: Mapping[str, str]) -> None:
    """Refuse what SLURM could not be told."""
    for name, value in options.items():
        if name == "nodes":
            raise JobError("--slurm nodes: must be said with --nodes, but is not; correct it", USAGE)
        if name not in OPTIONS:
            words = f"must be something that sbatch is told, but is not{nearest(name, OPTIONS)}"
            raise JobError(f"--slurm {name}: {words}", USAGE)
        if name == AT_ONCE and not (value.isdecimal() and int(value)):
            raise JobError(f"--slurm {name}: must be a number from 1 on, but got {value}; correct it", USAGE)
