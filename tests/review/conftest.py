"""FiftyOne on a database that is gone when the tests are; where FiftyOne or mongod is not, the tests say so."""

import os
import shutil
from importlib.util import find_spec

import pytest

from tests.report.runs import make_run
from workbench.doctor.programs import find_mongod


@pytest.fixture(scope="session")
def database_folder(tmp_path_factory):
    if find_spec("fiftyone") is None:
        pytest.skip("no FiftyOne: make install-review")
    if find_mongod() is None:
        pytest.skip("no mongod: make install-mongod")
    pytest.importorskip("hotcoco")
    return tmp_path_factory.mktemp("mongo") / "database"


@pytest.fixture(scope="session")
def database(database_folder):
    """Open for all tests of the process; commands that they call find it open."""
    from workbench.review.session import open_database

    before = {key: os.environ.get(key) for key in ("WORKBENCH_DATABASE", "FIFTYONE_DATABASE_URI")}
    os.environ["WORKBENCH_DATABASE"] = str(database_folder)
    os.environ.pop("FIFTYONE_DATABASE_URI", None)
    with open_database() as one:
        yield one
    for key, value in before.items():
        os.environ.pop(key, None) if value is None else os.environ.__setitem__(key, value)


@pytest.fixture(scope="session")
def drawn_runs(tmp_path_factory):
    """One run of each task; never written to."""
    return {
        task: make_run(tmp_path_factory.mktemp(f"drawn-{task}"), project, task)
        for task, project in (("instance", "faces"), ("panoptic", "chipsets"), ("semantic", "chipsets"))
    }


@pytest.fixture
def faces(drawn_runs, tmp_path):
    """A run of one's own to change."""
    home = drawn_runs["instance"].folder.parents[3]
    shutil.copytree(home, tmp_path / "home")
    return type(drawn_runs["instance"])(
        folder=tmp_path / "home" / drawn_runs["instance"].folder.relative_to(home)
    )
