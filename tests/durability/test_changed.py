"""D6: a resume that would not be the same run is refused before it computes anything, with both values."""

import json
import shutil

import pytest

pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.conversion.folders import put
from tests.drawing import square
from tests.durability.trials import Trials
from workbench.errors import BAD_CONFIG, OK


@pytest.fixture
def begun(plain, tmp_path):
    """A project of its own with a run that is at its last step but has not said so: a resume has little to do."""
    trials = Trials("mask_rcnn_nano", tmp_path, plain.server)
    shutil.copytree(plain.home, tmp_path, dirs_exist_ok=True)
    run = trials.project / "runs" / "run"
    shutil.copytree(plain.home / "undisturbed", run)
    record = json.loads((run / "run.json").read_bytes())
    record["dataset"]["folder"] = record["dataset"]["folder"].replace(str(plain.home), str(tmp_path))
    record["project"] = record["project"].replace(str(plain.home), str(tmp_path))
    (run / "run.json").write_text(json.dumps(record))
    return trials


def change_config(trials):
    return ("SOLVER.MOMENTUM", "0.5")


def change_setting(trials):
    return ("train.ema", "0.5")


def change_data(trials):
    put(trials.home / "annotations" / "p", "0", square("cat", 11, 8, 26), square("dog", 60, 40, 30))
    return ()


def rename_a_class(trials):
    return _edit(trials, '"cat", "dog"', '"dog", "cat"')


def add_a_class(trials):
    return _edit(trials, '"cat", "dog"', '"cat", "dog", "emu"')


def _edit(trials, old, new):
    path = trials.project / "project.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    return ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said", "allow"),
    [
        (change_config, "SOLVER.MOMENTUM: was 0.9, is 0.5", ("SOLVER.MOMENTUM",)),
        (change_setting, "train.ema: was 0.9, is 0.5", ("train.ema",)),
        (change_data, "data: was ", ("data",)),
        (rename_a_class, "classes.things: was ['cat', 'dog'], is ['dog', 'cat']", ("classes", "data")),
    ],
)
def test_d06_what_changed_is_refused_with_both_values_and_goes_on_where_it_is_named(
    change, said, allow, begun
):
    run = begun.project / "runs" / "run"
    before = (run / "run.json").read_bytes(), (run / "config.yaml").read_bytes()
    words = change(begun)
    assert begun.go_on(run, *words).code == BAD_CONFIG
    assert said in begun.told(run) and f"--allow-changed {' '.join(allow)[:7]}" in begun.told(run)
    assert before == ((run / "run.json").read_bytes(), (run / "config.yaml").read_bytes())
    end = begun.server.run(*(*begun.words(run, *words), "--allow-changed", *allow), log=begun.log(run))
    assert end.code == OK, begun.told(run)
    assert "as was allowed" in begun.told(run)


@pytest.mark.slow
def test_d06_another_number_of_classes_is_refused_in_our_words_even_where_it_is_allowed(begun):
    run = begun.project / "runs" / "run"
    add_a_class(begun)
    assert begun.go_on(run).code == BAD_CONFIG
    before = (run / "run.json").read_bytes(), (run / "config.yaml").read_bytes()
    keys = ("classes", "data", "MODEL", "settings", "config")
    end = begun.server.run(
        *begun.words(run), "--allow-changed", *_differing(begun.told(run)), log=begun.log(run)
    )
    assert end.code == BAD_CONFIG, (keys, begun.told(run))
    assert "must be the model that the run began with" in begun.told(run)
    assert "model.weights" in begun.told(run) and "Traceback" not in begun.told(run)
    assert before == ((run / "run.json").read_bytes(), (run / "config.yaml").read_bytes())


def _differing(told):
    return told.rpartition("--allow-changed ")[2].split()
