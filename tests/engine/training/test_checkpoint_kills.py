"""A kill at each moment of a save: never is the newest readable checkpoint lost, never has a final name bad bytes."""

from functools import partial

import pytest

torch = pytest.importorskip("torch")

from tests.engine.training.saving import (  # noqa: E402
    draw_content,
    hashes,
    is_killed_at,
    require_whole,
    same,
)
from workbench.engine.training.checkpoint import (  # noqa: E402
    checkpoint_path,
    load_newest,
    save_checkpoint,
)
from workbench.engine.training.sealed import check_sealed  # noqa: E402
from workbench.engine.training.weights_file import read_weights, write_weights  # noqa: E402

ABOUT = {"task": "instance", "classes": {"things": ["cat"]}, "model": "nano", "config": "A: 1", "image": {}}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def prepare(kind: str, folder) -> tuple[int, int | None]:
    """Return the step to be saved, and the newest that can be read before."""
    for step in {"first": (), "the same step anew": (10, 20)}.get(kind, (10, 20, 30)):
        save_checkpoint(folder, step, draw_content(step), keep=3)
    if kind == "over a spoiled one":
        path = checkpoint_path(folder, 30)
        path.write_bytes(path.read_bytes()[:-1])
        return 30, 20
    return {"first": (10, None), "the same step anew": (20, 20)}.get(kind, (40, 30))


@pytest.mark.parametrize(
    ("kind", "least"),
    [("first", 12), ("next", 15), ("the same step anew", 14), ("over a spoiled one", 14)],
)
def test_a_kill_at_each_moment_of_a_save_loses_nothing(kind, least, tmp_path):
    point, seen = 0, []
    while True:
        point += 1
        folder = tmp_path / str(point)
        step, before = prepare(kind, folder)
        content = draw_content(1000)
        killed = is_killed_at(point, partial(save_checkpoint, folder, step, content, keep=2))
        if kind != "over a spoiled one":
            require_whole(folder)
        loaded = load_newest(folder)
        if loaded is None:
            seen.append(None)
            assert before is None
        else:
            is_new = same(loaded.content, content)
            seen.append(is_new)
            assert is_new or same(loaded.content, draw_content(before))
        # whoever goes on from there ends where an undisturbed run ends, with nothing left over
        save_checkpoint(folder, step, content, keep=2)
        assert same(load_newest(folder, strict=True).content, content)
        if not killed:
            break
        undisturbed = tmp_path / "undisturbed"
        if not undisturbed.exists():
            prepare(kind, undisturbed)
            save_checkpoint(undisturbed, step, content, keep=2)
        assert hashes(folder) == hashes(undisturbed)
    assert point - 1 >= least
    assert seen == sorted(seen, key=bool)  # old before some moment, new after it
    assert seen[-2] is True


def test_a_kill_at_each_moment_of_replacing_weights_leaves_the_old_or_the_new(tmp_path):
    """Here one name holds one content after another, and data and manifest cannot be renamed in one go."""
    old, new = ({"a": torch.full((300,), float(value))} for value in (1, 2))
    point, seen, killed = 0, [], True
    while killed:
        point += 1
        path = tmp_path / str(point) / "model_best.pth"
        write_weights(path, old, ABOUT)
        killed = is_killed_at(point, partial(write_weights, path, new, ABOUT))
        check_sealed(path)
        seen.append(float(read_weights(path)[0]["a"][0]))
        again = is_killed_at(point, partial(write_weights, path, old, ABOUT))  # a second kill upon the first
        assert again == killed
        assert float(read_weights(path)[0]["a"][0]) in (1, 2)
        write_weights(path, new, ABOUT)
        assert {one.name for one in path.parent.iterdir()} == {"model_best.pth", "model_best.json"}
    assert point - 1 >= 12
    assert seen == sorted(seen) and {1.0, 2.0} == set(seen)


def test_only_a_whole_number_names_a_moment_and_none_is_the_rule(tmp_path, monkeypatch):
    monkeypatch.delenv("WORKBENCH_CRASH_AT", raising=False)
    save_checkpoint(tmp_path, 1, draw_content(1), keep=1)
    assert not is_killed_at(10_000, lambda: save_checkpoint(tmp_path, 2, draw_content(2), keep=1))
