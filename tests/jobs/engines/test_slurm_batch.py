"""What SLURM is told, without one: which tries make an array, and the names by which they are known again."""

from pathlib import Path

import pytest

from workbench.errors import JobError
from workbench.jobs.engines.engine import Begun, EngineBusy
from workbench.jobs.engines.slurm_batch import (
    _choose_parameters,
    _explain,
    _write_command,
    gather,
    name_task,
    name_try,
    require_options,
)
from workbench.jobs.folder import NAME, JobFolder
from workbench.jobs.job import RUNNING, Entry, Job


def begin(number: int, *, token: int = 1, **more: object) -> Begun:
    job = Job(command=("true",), place="/", engine="slurm", **more)  # type: ignore[arg-type]
    folder = JobFolder(path=Path("/home/of/50% jobs") / (NAME % number))
    return Entry(number=number, job=job, state=RUNNING, token=token), folder


def numbers(tries: list[Begun], longest: int = 1001) -> list[list[int]]:
    return sorted([entry.number for entry, _ in array] for array in gather(tries, longest))


def test_tries_of_one_group_that_need_the_same_make_an_array() -> None:
    assert numbers([begin(one, group="sweep") for one in (4, 1, 7)]) == [[1, 4, 7]]


def test_what_belongs_to_no_group_stays_alone() -> None:
    assert numbers([begin(1), begin(2)]) == [[1], [2]]


@pytest.mark.parametrize("other", [
    begin(2, group="other"), begin(2, group="sweep", token=2), begin(2, group="sweep", cores=2),
    begin(2, group="sweep", gpus=1), begin(2, group="sweep", nodes=2), begin(2, group="sweep", limit=60.0),
    begin(2, group="sweep", options={"partition": "long"}),
])  # fmt: skip
def test_what_differs_in_what_it_needs_goes_into_another_array(other: Begun) -> None:
    tries = [begin(1, group="sweep"), other, begin(3, group="sweep")]
    assert numbers(tries) == [[1, 3], [2]]


def test_an_array_reaches_no_further_than_the_cluster_allows() -> None:
    tries = [begin(one, group="sweep") for one in (1, 10, 11, 20)]
    assert numbers(tries, 10) == [[1, 10], [11, 20]]
    assert numbers(tries, 1) == [[1], [10], [11], [20]]


def test_what_squeue_says_of_a_task_is_the_name_of_its_try() -> None:
    first, other = begin(7, token=3), begin(12, token=3)
    assert name_task(name_try(*first), "815_5") == name_try(*other)
    assert name_task(name_try(*first), "815") == name_try(*first)
    assert name_task("somebody-else", "815_5") == "somebody-else"


def test_an_array_says_which_tasks_and_how_many_at_once() -> None:
    tries = [begin(one, group="sweep", options={"array_parallelism": "2"}) for one in (3, 4, 5, 9)]
    told = _choose_parameters(tries)
    assert told["additional_parameters"]["array"] == "0-2,6%2"
    assert "array_parallelism" not in told


def test_the_shell_of_a_task_finds_the_folder_of_its_job(tmp_path: Path) -> None:
    import subprocess

    command = _write_command([begin(8, group="sweep"), begin(12, group="sweep")], 5.0)
    shown = subprocess.run(
        ["bash", "-c", command.replace("exec ", "printf '%s\\n' ", 1)],
        env={"SLURM_ARRAY_TASK_ID": "4", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.splitlines()[3:5] == ["/home/of/50% jobs/000012", "1"]


@pytest.mark.parametrize(("name", "value", "told"), [
    ("partitoin", "gpu", "partitoin: must be something that sbatch is told, but is not; did you mean \"partition\""),
    ("nodes", "2", "must be said with --nodes"),
    ("array_parallelism", "0", "must be a number from 1 on, but got 0"),
])  # fmt: skip
def test_what_slurm_could_not_be_told_is_refused(name: str, value: str, told: str) -> None:
    with pytest.raises(JobError, match=told):
        require_options({name: value})


@pytest.mark.parametrize(("said", "later"), [
    ("sbatch: error: Batch job submission failed: Slurm backup controller in standby mode", True),
    ("sbatch: error: Batch job submission failed: Protocol authentication error", True),
    ("sbatch: error: Batch job submission failed: Communication connection failure", True),
    ("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation", True),
    ("sbatch: error: Batch job submission failed: Message receive failure", True),
    ("sbatch: error: Batch job submission failed: Invalid account or account/partition combination", False),
    ("sbatch: error: invalid partition specified: nowhere", False),
])  # fmt: skip
def test_what_slurm_may_take_later_is_no_refusal(said: str, later: bool) -> None:
    assert isinstance(_explain([begin(1)], said), EngineBusy) is later
