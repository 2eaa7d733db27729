"""Several who gather the same prediction: what is finished stays as it is, whoever comes late."""

import fcntl
import json
import threading
from contextlib import contextmanager

import pytest

pytest.importorskip("orjson")

from workbench.engine.prediction import gathering
from workbench.engine.prediction.gathering import gather_prediction
from workbench.engine.prediction.outputs.own_files import MARK, OwnFiles
from workbench.engine.prediction.places import NAMES, Asked, name_pieces
from workbench.errors import JobError
from workbench.run import Run
from workbench.sharding.plan import make_plan
from workbench.sharding.progress import work_on

COUNT = 4
NAMED = [f"overlay/{number}.jpg" for number in range(COUNT)]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "found"


@pytest.fixture
def plan(tmp_path, out):
    """All shards are done."""
    run = Run(folder=tmp_path / "run")
    run.folder.mkdir()
    run.project_copy.write_text('categories = ["cat"]\n')
    asked = Asked(
        run=str(run.folder),
        weights="",
        out=str(out),
        formats=("coco", "overlay"),
        min_score=0.0,
        tile=0,
        device="cpu",
        joints=("coco",),
    )
    OwnFiles(out).plan([*NAMED, "coco.json", "results.json"])
    items = [json.dumps([f"{number}.jpg", f"{number}.jpg", "", "", number]) for number in range(COUNT)]
    made = make_plan(out / ".shards", items, shards=1, asked=asked.to_json(), chunk=1)

    def do(items, folder):
        ((number, _),) = items
        (out / "overlay").mkdir(exist_ok=True)
        (out / NAMED[number]).write_text("drawn")
        (folder / NAMES).write_text(json.dumps(NAMED[number]) + "\n")
        (folder / name_pieces("coco")).write_text(json.dumps({"id": number}) + "\n")
        return {"images": 1, "classes": {"cat": number}, "skipped": []}

    work_on(made, 1, lambda: do)
    return made


def read_all(out):
    paths = [path for path in out.rglob("*") if path.is_file() and ".shards" not in path.parts]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


@contextmanager
def between(monkeypatch, deed):
    """Have something happen once, when whoever gathers has read the sums and nothing else."""
    real, todo = gathering._add_up, [deed]

    def add_up(plan):
        sums = real(plan)
        if todo:
            todo.pop()()
        return sums

    with monkeypatch.context() as patched:
        patched.setattr(gathering, "_add_up", add_up)
        yield


def test_of_two_who_gather_at_once_one_waits_and_says_what_the_other_found(plan, out, monkeypatch):
    said = []
    twin = threading.Thread(target=lambda: said.append(gather_prediction(plan)))

    def meanwhile():
        twin.start()
        twin.join(0.2)
        assert not said

    with between(monkeypatch, meanwhile):
        mine = gather_prediction(plan)
        whole = read_all(out)
        twin.join(10)
    assert said == [mine] and mine["images"] == COUNT
    assert read_all(out) == whole and whole.keys() == {*NAMED, "coco.json", "results.json", MARK}


def test_a_twin_destroys_nothing_where_the_disk_knows_no_locks(plan, out, monkeypatch):
    def refuse(descriptor, kind):
        raise OSError(9, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    whole = {}

    def meanwhile():
        gather_prediction(plan)
        whole.update(read_all(out))

    with between(monkeypatch, meanwhile), pytest.raises(JobError, match="must be whole, but is not"):
        gather_prediction(plan)
    assert read_all(out) == whole and whole.keys() >= {*NAMED}
    assert gather_prediction(plan)["images"] == COUNT


def test_who_has_read_everything_before_a_twin_ended_removes_nothing_either(plan, out, monkeypatch):
    """The next command may have begun to write there."""
    real = gathering.open_joint

    class Late:
        def __init__(self, *words):
            self.joint = real(*words)
            self.add, self.drop = self.joint.add, self.joint.drop

        def close(self):
            monkeypatch.setattr(gathering, "open_joint", real)
            plan.gathered.write_text('{"images": 4}')  # the twin
            OwnFiles(out).plan(["overlay/next.jpg"])
            (out / "overlay" / "next.jpg").write_text("of the next command")
            return self.joint.close()

    monkeypatch.setattr(gathering, "open_joint", Late)
    assert gather_prediction(plan) == {"images": 4}
    assert (out / "overlay" / "next.jpg").exists()
