"""What a resume compares, what it refuses, and the words."""

import pytest

pytest.importorskip("detectron2")

from workbench.engine.training.resume import ChangedRun, find_differences, require_equal
from workbench.errors import BAD_CONFIG

BEGUN = {
    "classes": {"things": ["a", "b"], "stuff": []},
    "data": "f00d",
    "settings": {"train": {"ema": 0.0, "workers": 1}},
    "config": {"SOLVER": {"BASE_LR": 0.01, "STEPS": [60, 80]}, "OUTPUT_DIR": "."},
}


def changed(**sections):
    return {**BEGUN, **sections}


def test_equal_plans_go_on_without_a_word():
    assert require_equal("run", BEGUN, changed(), ()) == []


def test_what_belongs_to_the_machine_may_differ():
    now = changed(
        settings={"train": {"ema": 0.0, "workers": 4}}, config=BEGUN["config"] | {"OUTPUT_DIR": "x"}
    )
    assert find_differences(BEGUN, now) == {}


def test_a_tuple_and_a_list_are_equal():
    now = changed(config={"SOLVER": {"BASE_LR": 0.01, "STEPS": (60, 80)}, "OUTPUT_DIR": "."})
    assert find_differences(BEGUN, now) == {}


@pytest.mark.parametrize(
    ("now", "line", "key"),
    [
        (changed(classes={"things": ["a"], "stuff": []}), "was ['a', 'b'], is ['a']", "classes.things"),
        (changed(data="beef"), "data: was 'f00d', is 'beef'", "data"),
        (changed(settings={"train": {"ema": 0.9, "workers": 1}}), "was 0.0, is 0.9", "train.ema"),
        (
            changed(config={"SOLVER": {"BASE_LR": 1.0, "STEPS": [60, 80]}}),
            "was 0.01, is 1.0",
            "SOLVER.BASE_LR",
        ),
    ],
)
def test_what_differs_is_refused_with_both_values_and_goes_on_where_it_is_named(now, line, key):
    with pytest.raises(ChangedRun) as refused:
        require_equal("run", BEGUN, now, ())
    assert line in str(refused.value)
    assert str(refused.value).endswith(f"--allow-changed {key}")
    assert refused.value.exit_code == BAD_CONFIG
    (told,) = require_equal("run", BEGUN, now, (key,))
    assert "as was allowed" in told


def test_a_section_allows_all_in_it_but_nothing_else():
    now = changed(data="beef", config={"SOLVER": {"BASE_LR": 1.0, "STEPS": [1, 2]}, "OUTPUT_DIR": "."})
    with pytest.raises(ChangedRun) as refused:
        require_equal("run", BEGUN, now, ("SOLVER",))
    assert "data" in str(refused.value)
    assert "SOLVER" not in str(refused.value)
    assert len(require_equal("run", BEGUN, now, ("SOLVER", "data"))) == 3


def test_allowing_what_does_not_differ_is_an_error_that_names_the_nearest():
    with pytest.raises(ChangedRun, match='did you mean "data"'):
        require_equal("run", BEGUN, changed(data="beef"), ("dat",))
