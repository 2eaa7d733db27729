"""Who fits where, and what is kept free for the large ones."""

from pathlib import Path

from workbench.jobs.job import RUNNING, Entry, Job
from workbench.jobs.room import Room, read_room, write_room


def ask(**more: int) -> Job:
    return Job(command=("true",), place="/", **more)  # type: ignore[arg-type]


def test_a_job_gets_the_first_gpus_that_are_free() -> None:
    room = Room(cores=8, gpus=(0, 1, 2, 3))
    busy = Entry(number=1, job=ask(cores=2, gpus=2), state=RUNNING, gpu=(0, 2))
    assert room.without([busy]) == Room(cores=6, gpus=(1, 3))
    assert room.without([busy]).place(ask(gpus=1)) == (1,)
    assert room.without([busy]).place(ask(gpus=3)) is None
    assert room.without([busy]).place(ask(cores=7)) is None


def test_a_job_without_gpus_takes_none() -> None:
    assert Room(cores=1).place(ask()) == ()


def test_what_waits_keeps_its_share() -> None:
    left = Room(cores=4, gpus=(0,)).reserve(ask(cores=3, gpus=2))
    assert left == Room(cores=1, gpus=())
    assert not left.full
    assert left.reserve(ask(cores=3)).full


def test_many_that_wait_for_one_gpu_do_not_keep_the_cores_from_others() -> None:
    room = Room(cores=4)
    for _ in range(5):
        room = room.reserve(ask(gpus=1))
    assert room == Room(cores=3)
    assert room.reserve(ask(cores=4)).full  # for cores another one waits, and is not overtaken


def test_what_can_never_fit_is_known() -> None:
    assert not Room(cores=2).holds(ask(gpus=1))
    assert Room(cores=2).holds(ask(cores=2))


def test_room_is_what_was_set(tmp_path: Path) -> None:
    write_room(tmp_path, Room(cores=3, gpus=(1,)))
    assert read_room(tmp_path) == Room(cores=3, gpus=(1,))
