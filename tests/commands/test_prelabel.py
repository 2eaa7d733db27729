"""`workbench prelabel` as a person types it."""

import json

import pytest
from PIL import Image

pytest.importorskip("cv2")
pytest.importorskip("skimage")

from tests.segmenting.test_segment import BLUE, RED, disk, paper
from workbench.cli import main
from workbench.commands import prelabel
from workbench.data.annotation import Annotation, Shape
from workbench.formats.labelme import read_annotation, write_annotation
from workbench.segmenting import settings

SQUARE = Shape(label="thing", kind="rectangle", points=((10.0, 10.0), (60.0, 60.0)))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Three images: one labelled, one with two disks, one with nothing in it."""
    monkeypatch.chdir(tmp_path)
    photographs, home = tmp_path / "annotations" / "toys", tmp_path / "projects" / "toys"
    photographs.mkdir(parents=True)
    home.mkdir(parents=True)
    (home / "project.toml").write_text('annotations = "../../annotations/toys"\ncategories = ["thing"]\n')
    for name in ("a", "b", "empty"):
        picture = paper()
        if name != "empty":
            disk(picture, 50, 50, 25, RED)
            disk(picture, 140, 90, 30, BLUE)
        Image.fromarray(picture).save(photographs / f"{name}.png")
    write_annotation(
        photographs / "a.json", Annotation(image_path="a.png", image_size=(200, 150), shapes=(SQUARE,))
    )
    return home


def call(capsys, *words):
    code = main(["prelabel", "toys", *words])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_what_nobody_labelled_becomes_drafts_and_the_annotations_stay_as_they_are(project, capsys):
    before = sorted(path.name for path in (project / "../../annotations/toys").iterdir())
    code, out, _ = call(capsys, "--method", "threshold", "--json")
    told = json.loads(out)
    assert (code, told["images"], told["objects"], told["ready"]) == (0, 2, 2, ["b.png"])
    assert told["nothing"] == ["empty.png"]
    drawn = read_annotation(project / "drafts" / "threshold" / "b.json")
    assert [(shape.label, shape.kind) for shape in drawn.shapes] == [("thing", "polygon")] * 2
    assert (project / "drafts" / "threshold" / "b.png").is_file()
    assert sorted(path.name for path in (project / "../../annotations/toys").iterdir()) == before


def test_what_a_person_has_begun_is_left_alone(project, capsys):
    call(capsys, "--method", "threshold")
    path = project / "drafts" / "threshold" / "b.json"
    raw = json.loads(path.read_text())
    raw["shapes"] = raw["shapes"][:1]
    path.write_text(json.dumps(raw))
    _, out, _ = call(capsys, "--method", "threshold", "--json")
    assert json.loads(out)["left"] == ["b.png"]
    assert len(json.loads(path.read_text())["shapes"]) == 1


def test_what_a_person_finished_comes_back_and_the_rest_waits(project, capsys, tmp_path):
    call(capsys, "--method", "threshold", "--images", "[ab].png")
    path = project / "drafts" / "threshold" / "b.json"
    raw = json.loads(path.read_text())
    raw["shapes"] = raw["shapes"][:1]
    path.write_text(json.dumps(raw))
    _, out, _ = call(capsys, "--method", "threshold", "--accept", "--json")
    told = json.loads(out)
    assert [one["image"] for one in told["accepted"]] == ["b.png"] and told["waiting"] == ["a.png"]
    photographs = tmp_path / "annotations" / "toys"
    assert len(read_annotation(photographs / "b.json").shapes) == 1
    assert len(read_annotation(photographs / "a.json").shapes) == 1
    call(capsys, "--method", "threshold", "--accept", "--all")
    assert len(read_annotation(photographs / "a.json").shapes) == 3  # the square, and both disks


def point(label, x, y):
    return Shape(label=label, kind="point", points=((float(x), float(y)),))


def test_points_become_outlines_with_their_own_labels(project, capsys, tmp_path):
    (project / "project.toml").write_text(
        'annotations = "../../annotations/toys"\ncategories = ["thing", "other"]\n'
    )
    photographs = tmp_path / "annotations" / "toys"
    shapes = (point("other", 140, 90), point("thing", 50, 50))
    write_annotation(
        photographs / "b.json", Annotation(image_path="b.png", image_size=(200, 150), shapes=shapes)
    )
    _, out, _ = call(capsys, "--method", "region-growing", "--hints", "--json")
    assert json.loads(out)["ready"] == ["b.png"]  # a has no points
    drawn = read_annotation(project / "drafts" / "region-growing" / "b.json").shapes
    found = {shape.label: shape.points for shape in drawn if shape.kind == "polygon"}
    assert found.keys() == {"thing", "other"}
    assert max(x for x, _ in found["thing"]) < 80 < 105 < min(x for x, _ in found["other"])


def test_a_box_becomes_an_outline_that_takes_its_place_once_the_box_is_deleted(project, capsys, tmp_path):
    square = Shape(label="thing", kind="rectangle", points=((22.0, 22.0), (78.0, 78.0)))
    path = tmp_path / "annotations" / "toys" / "a.json"
    write_annotation(path, Annotation(image_path="a.png", image_size=(200, 150), shapes=(square,)))
    call(capsys, "--method", "grabcut", "--hints")
    draft = project / "drafts" / "grabcut" / "a.json"
    raw = json.loads(draft.read_text())
    assert [shape["shape_type"] for shape in raw["shapes"]] == ["rectangle", "polygon"]
    draft.write_text(json.dumps(raw | {"shapes": raw["shapes"][1:]}))
    call(capsys, "--method", "grabcut", "--accept")
    (shape,) = read_annotation(path).shapes
    assert (shape.label, shape.kind) == ("thing", "polygon") and 24 <= min(x for x, _ in shape.points) <= 27


def test_an_image_is_on_one_desk_only(project, capsys):
    call(capsys, "--method", "threshold")
    call(capsys, "--method", "grabcut")
    old, new = project / "drafts" / "threshold" / "b.json", project / "drafts" / "grabcut" / "b.json"
    assert new.is_file() and not old.exists()
    raw = json.loads(new.read_text())
    raw["shapes"] = raw["shapes"][:1]
    new.write_text(json.dumps(raw))
    _, _, err = call(capsys, "--method", "threshold")
    assert "you have begun it in" in err and not old.exists()


def test_the_preview_shows_every_method_and_counts_labels_that_are_there(project, capsys):
    code, out, _ = call(capsys, "--method", "all", "--preview", "--json")
    told = json.loads(out)
    assert code == 0 and not (project / "drafts" / "threshold").exists()
    assert list(told["methods"]) == list(settings.METHODS)
    assert {row["labels"] for row in told["methods"].values()} == {1}
    with Image.open(told["preview"]) as sheet:
        assert sheet.width > 5 * 280


def test_images_can_be_named(project, capsys, tmp_path):
    (tmp_path / "queue.txt").write_text("a.png\n")
    for words in (("--images", "a.*"), ("--queue", str(tmp_path / "queue.txt"))):
        _, out, _ = call(capsys, "--method", "grabcut", "--json", *words)
        assert json.loads(out)["ready"] == ["a.png"]
    drawn = read_annotation(project / "drafts" / "grabcut" / "a.json")
    assert drawn.shapes[0].points == SQUARE.points  # what was drawn is there, too


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--method", "all"), 2, "--method all goes with --preview"),
        (("--method", "threshold", "--label", "thin"), 78, "thing"),
        (("--method", "threshold", "--levels", "9"), 1, "levels: must be from 2 to 5, but got 9"),
        (("--method", "threshold", "--images", "*.tif"), 66, "must match an image"),
        (("--method", "threshold", "--preview", "--open"), 2, "--preview writes no drafts"),
        (("--method", "watershed", "--hints"), 2, "--hints goes with region-growing"),
        (("--method", "threshold", "--error", "-1"), 2, "--error must be 0 or more"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(project, capsys, words, code, said):
    found, _, err = call(capsys, *words)
    assert found == code and said in err
    assert not (project / "drafts").exists()


def test_a_plain_folder_wants_a_label_and_puts_drafts_beside_itself(project, capsys, tmp_path):
    source = str(tmp_path / "annotations" / "toys")
    assert main(["prelabel", source, "--method", "watershed"]) == 78
    assert "--label must name the class" in capsys.readouterr().err
    assert main(["prelabel", source, "--method", "watershed", "--label", "toy"]) == 0
    drawn = read_annotation(tmp_path / "annotations" / "toys.drafts" / "watershed" / "b.json")
    assert {shape.label for shape in drawn.shapes} == {"toy"}


def test_a_picture_that_cannot_be_read_costs_its_neighbours_nothing(project, capsys, tmp_path):
    (tmp_path / "annotations" / "toys" / "aa.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    code, out, _ = call(capsys, "--method", "threshold", "--json")
    told = json.loads(out)
    assert code == 1 and told["ready"] == ["b.png"] and list(told["refused"]) == ["aa.png"]


def test_the_words_of_the_command_are_those_of_the_room():
    assert prelabel.METHODS == settings.METHODS and prelabel.CHANNELS == settings.CHANNELS
