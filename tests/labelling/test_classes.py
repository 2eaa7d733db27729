"""Classes that come later: what labels.txt gets, which images are to be looked at again, and when they are."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.labelling.conftest import write_project
from workbench.cli import main
from workbench.data.annotation import Shape
from workbench.errors import BAD_CONFIG, OK
from workbench.formats.labelme import read_annotation, write_annotation
from workbench.labelling.classes import catch_up, find_news, look_at
from workbench.project import read_project

IMAGES = Path("annotations/party")
ALL = tuple(f"balloons-00{number}.jpg" for number in range(4))


def draw(name: str, label: str) -> None:
    annotation = read_annotation(IMAGES / name)
    shape = Shape(label=label, kind="polygon", points=((1.0, 1.0), (9.0, 1.0), (9.0, 9.0)))
    write_annotation(IMAGES / name, replace(annotation, shapes=(*annotation.shapes, shape)))


def news_of(party, *classes: str):
    write_project(party, list(classes))
    return catch_up(read_project(party))


def test_nothing_new_writes_the_record_and_leaves_labels_alone(party):
    before = (IMAGES / "labels.txt").read_bytes()
    news = catch_up(read_project(party))
    assert (news.classes, news.lines, news.strange, dict(news.look_again)) == ((), (), (), {})
    assert (IMAGES / "labels.txt").read_bytes() == before
    assert json.loads((party / "classes.json").read_text()) == {
        "version": 1,
        "classes": ["balloon"],
        "look_again": {},
    }


def test_a_new_class_asks_for_every_image_that_is_labelled_and_only_those(party):
    news = news_of(party, "balloon", "string")
    assert (news.classes, news.lines) == (("string",), ("string",))
    assert dict(news.look_again) == {"string": ALL}


@pytest.mark.parametrize(
    "text", ["mine\n\n# a remark\nballoon", "\ufeffballoon\r\nmine\r\n", "balloon\nmine\n"]
)
def test_no_line_of_labels_txt_is_ever_dropped(text, party):
    (IMAGES / "labels.txt").write_bytes(text.encode())
    news = news_of(party, "balloon", "string")
    after = (IMAGES / "labels.txt").read_bytes().decode("utf-8-sig")
    assert after.startswith(text.removeprefix("\ufeff"))
    assert after.splitlines()[-1] == "string"
    assert after.splitlines().count("balloon") == 1
    assert "mine" in news.strange


def test_a_labels_txt_that_is_not_there_is_made(party):
    (IMAGES / "labels.txt").unlink()
    catch_up(read_project(party))
    assert (IMAGES / "labels.txt").read_text() == "__ignore__\nhole\nballoon\n"


def test_where_the_class_is_drawn_nobody_must_look_again(party):
    news_of(party, "balloon", "string")
    draw("balloons-002.json", "string")
    assert catch_up(read_project(party)).look_again["string"] == (ALL[0], ALL[1], ALL[3])


def test_a_class_that_was_drawn_before_the_record_began_is_not_new(party):
    draw("balloons-002.json", "string")
    news = news_of(party, "balloon", "string")
    assert (news.classes, news.lines, dict(news.look_again)) == ((), ("string",), {})


def test_images_labelled_after_the_class_came_are_not_asked_for(party):
    news_of(party, "balloon", "string")
    annotation = read_annotation(IMAGES / "balloons-000.json")
    write_annotation(IMAGES / "balloons-004.json", replace(annotation, image_path="balloons-004.jpg"))
    assert catch_up(read_project(party)).look_again["string"] == ALL


def test_two_classes_have_a_list_each_and_come_one_after_the_other(party):
    news_of(party, "balloon", "string")
    look_at(read_project(party), ALL[:3])
    news = news_of(party, "balloon", "string", "knot")
    assert dict(news.look_again) == {"string": ALL[3:], "knot": ALL}
    look_at(read_project(party), ALL[2:])
    assert dict(find_news(read_project(party)).look_again) == {"knot": ALL[:2]}
    lines = (party / "labelme" / "look-again.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [ALL[3], *ALL[:3]]


def test_a_class_that_went_and_came_back_is_not_asked_for_twice(party):
    news_of(party, "balloon", "string")
    look_at(read_project(party), ALL)
    assert dict(news_of(party, "balloon").look_again) == {}
    assert dict(news_of(party, "balloon", "string").look_again) == {}


def test_an_image_that_went_is_not_asked_for(party):
    news_of(party, "balloon", "string")
    (IMAGES / "balloons-001.json").unlink()
    assert catch_up(read_project(party)).look_again["string"] == (ALL[0], *ALL[2:])


def test_what_nobody_draws_is_not_asked_for(party):
    news_of(party, "balloon")
    (party / "project.toml").write_text(
        'task = "panoptic"\nannotations = "../../annotations/party"\ncategories = ["balloon"]\n'
        'stuff = ["lawn", "sky"]\nunlabelled = "sky"\n'
    )
    assert dict(catch_up(read_project(party)).look_again) == {"lawn": ALL}


def test_looking_for_news_writes_nothing(party, tmp_path):
    write_project(party, ["balloon", "string"])
    before = sorted(tmp_path.rglob("*"))
    assert dict(find_news(read_project(party)).look_again) == {"string": ALL}
    assert sorted(tmp_path.rglob("*")) == before


def test_check_warns_once_for_each_class_and_writes_nothing(party, tmp_path, capsys):
    write_project(party, ["balloon", "string"])
    before = sorted(tmp_path.rglob("*"))
    assert main(["check", "party", "--json"]) == OK
    found = json.loads(capsys.readouterr().out)["findings"]
    (mine,) = [one for one in found if one["rule"] == "class-added-later"]
    assert (mine["path"], mine["where"], mine["level"]) == ("labels.txt", 'class "string"', "warning")
    assert "4 were labelled before it was a class (such as balloons-000.jpg)" in mine["message"]
    assert sorted(tmp_path.rglob("*")) == before


def test_convert_says_it_too(party, capsys):
    write_project(party, ["balloon", "string"])
    assert main(["convert", "party", "--json"]) == OK
    said = capsys.readouterr()
    assert "string is newer than the labels of 4 images" in said.err
    assert json.loads(said.out)["categories"] == 2
    look_at_all = party / "queue.txt"
    look_at_all.write_text("\n".join(ALL))
    assert main(["label", "party", "--queue", str(look_at_all), "--seen"]) == OK
    capsys.readouterr()
    assert main(["convert", "party"]) == OK
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "content", ["", "[]", '{"version": 2}', '{"version": 1, "classes": 3, "look_again": {}}', '{"version": 1}',
                '{"version": 1, "classes": [], "look_again": {"a": "b"}}']
)  # fmt: skip
def test_a_record_that_makes_no_sense_is_refused_and_kept(content, party, capsys):
    (party / "classes.json").write_text(content)
    assert main(["label", "party", "--dry-run"]) == BAD_CONFIG
    assert "classes.json" in capsys.readouterr().err
    assert (party / "classes.json").read_text() == content
