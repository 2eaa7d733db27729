"""Values changed in a file that a person wrote: comments and order stay; what would not be right is refused."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import ProjectError
from workbench.formats.toml_edit import set_values, show

FILE = """\
# what we found out in March
name = "balloons"   # not "balloon"

[train]             # the long run
steps = 300         # 12 passes
jitter = [
    0.7,            # smallest
    1.5,
]
text = \"\"\"
[no.table]
steps = 3
\"\"\"

[train.augment]
color = 0.4

[detectron2]
SOLVER.BASE_LR = 0.01  # tuned
MODEL = { WEIGHTS = "x # y" }
"""


def test_a_value_is_changed_in_its_place_and_its_comment_stays():
    assert set_values(FILE, {("train", "steps"): 500}) == FILE.replace(
        "steps = 300         # 12 passes", "steps = 500         # 12 passes"
    )


def test_a_key_with_dots_is_found():
    new = set_values(FILE, {("detectron2", "SOLVER", "BASE_LR"): 0.02})
    assert new == FILE.replace("0.01  # tuned", "0.02  # tuned")


def test_a_value_of_many_lines_is_replaced_as_a_whole():
    new = set_values(FILE, {("train", "jitter"): (0.5, 2.0)})
    assert "jitter = [0.5, 2.0]\ntext" in new
    assert "smallest" not in new


def test_a_new_value_stands_at_the_end_of_its_table():
    new = set_values(FILE, {("train", "ema"): 0.999, ("train", "augment", "flip"): "none"})
    assert '"""\nema = 0.999\n\n[train.augment]\ncolor = 0.4\nflip = "none"\n\n[detectron2]' in new


def test_a_new_table_stands_at_the_end():
    new = set_values(FILE, {("model", "name"): "mask_rcnn_nano"})
    assert new == FILE + '\n[model]\nname = "mask_rcnn_nano"\n'
    assert set_values("", {("a", "b c"): True}).strip() == '[a]\n"b c" = true'


def test_a_new_key_of_a_known_section_goes_into_its_table():
    new = set_values(FILE, {("detectron2", "SOLVER", "MAX_ITER"): 5})
    assert tomllib.loads(new)["detectron2"]["SOLVER"] == {"BASE_LR": 0.01, "MAX_ITER": 5}


def test_what_cannot_be_changed_in_its_place_is_said_with_what_to_write():
    with pytest.raises(ProjectError, match=r"p\.toml: .* write into it: detectron2\.MODEL\.WEIGHTS = \"z\""):
        set_values(FILE, {("detectron2", "MODEL", "WEIGHTS"): "z"}, source="p.toml")


def test_equals_signs_and_hashes_within_keys_and_texts_are_no_ends():
    text = '"a = b # c" = "d # e = f"  # g\n'
    assert set_values(text, {("a = b # c",): 'h"#'}) == '"a = b # c" = "h\\"#"  # g\n'


@settings(deadline=None)
@given(
    st.recursive(
        st.text() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(-1e300, 1e300), st.lists
    )
)
def test_every_value_is_spelt_as_toml_reads_it(value):
    assert tomllib.loads(f"x = {show(value)}") == {"x": value}
