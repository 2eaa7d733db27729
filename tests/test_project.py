"""project.toml: what it may say, and what is answered to what it may not."""

import pytest

from workbench.errors import ProjectError
from workbench.project import read_project
from workbench.project_folder import find_project

GOOD = 'annotations = "labels"\ncategories = ["cat", "dog"]\n'


@pytest.fixture
def write(tmp_path):
    def write(text):
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / "project.toml").write_text(text)
        return tmp_path

    return write


def test_categories_are_numbered_from_1_things_first(write):
    project = read_project(write(GOOD + 'stuff = ["sky"]\nunlabelled = "sky"\n'))
    assert [(c.id, c.name, c.thing) for c in project.categories] == [
        (1, "cat", True),
        (2, "dog", True),
        (3, "sky", False),
    ]
    assert len({category.color for category in project.categories}) == 3
    assert project.unlabelled == "sky"


def test_a_project_is_found_by_its_folder_its_file_or_its_name(write, tmp_path, monkeypatch):
    folder = write(GOOD)
    assert find_project(str(folder)) == folder
    assert find_project(str(folder / "project.toml")) == folder
    assert find_project(str(folder / "labels")) is None
    (tmp_path / "home" / "projects").mkdir(parents=True)
    (tmp_path / "home" / "projects" / "pets").symlink_to(folder)
    monkeypatch.chdir(tmp_path / "home")
    assert find_project("pets") is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "annotations: must be set, but is missing"),
        ("categories = [", "must be TOML, but is not"),
        (GOOD + "catgories = 3\n", 'catgories: must be a known key, but is not; did you mean "categories"?'),
        (GOOD + "[split]\nvla = 0.2\n", 'split.vla: must be a known key, but is not; did you mean "val"?'),
        (GOOD + "[split]\nval = 0.7\ntest = 0.5\n", "val + test must be from 0 to below 1, but is 1.2"),
        (GOOD + "[split]\nval = '0.7'\n", "val: must be a number, but got '0.7'"),
        (GOOD + "[split]\ngroup = '('\n", "split.group: must be a regular expression"),
        (GOOD + "[split]\ngroup = 'a.*'\n", "split.group: must have a (group)"),
        (
            GOOD + "task = 'detection'\n",
            "task: must be one of instance, semantic, panoptic, but got 'detection'",
        ),
        (GOOD + "unlabelled = 'sky'\n", "unlabelled: must be one of stuff, but got 'sky'"),
        (GOOD + "stuff = ['cat']\n", 'each name must be there once, but "cat" is twice'),
        ("annotations = 'labels'\ncategories = []\n", "must name at least one class"),
        ("annotations = 'labels'\ncategories = [3]\n", "each must be a name, but got 3"),
        (
            "annotations = 'labels'\ncategories = 'cat'\n",
            "categories: must be a list of texts, but got 'cat'",
        ),
        ("annotations = 'lables'\ncategories = ['cat']\n", "annotations: must be a folder"),
    ],
)
def test_a_mistake_is_answered_in_one_line_that_names_the_file_and_the_key(write, text, message):
    folder = write(text)
    with pytest.raises(ProjectError) as caught:
        read_project(folder)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(folder / "project.toml"))
    assert "\n" not in str(caught.value)
