"""What a person finished comes back: nothing of theirs is lost, nothing that nobody looked at slips in."""

import json
import os
import signal
import threading
import time
from dataclasses import replace

import pytest

from tests.drafting.desks import (
    CAT,
    COW,
    DOG,
    accept,
    box,
    label,
    labels,
    make_image,
    propose,
    save_as_labelme,
    tick,
)
from workbench.drafting import accept as accepting
from workbench.drafting import slots as remembering
from workbench.drafting.desk import Draft, lay_out, read_states
from workbench.drafting.draft import KEY, mark_proposal
from workbench.drafting.slots import read_slots, slot_file
from workbench.formats.labelme import annotation_to_bytes, read_annotation, write_annotation


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "annotations"
    label(folder, "a.jpg", CAT, DOG, extra={"camera": "left"}, flags={"night": True})
    make_image(folder / "b.jpg")
    return folder


@pytest.fixture
def desk(tmp_path):
    return tmp_path / "run" / "drafts"


def put(desk, root, *drafts):
    assert not lay_out(desk, drafts, annotations=root, source="r1").refused


def change(desk, name, **keys):
    save_as_labelme(desk / f"{name}.json", lambda raw: raw["shapes"][0].update(keys))


def test_a_draft_that_nobody_touched_stays_on_the_desk(root, desk):
    put(
        desk, root, Draft(image="a.jpg", proposals=propose(COW)), Draft(image="b.jpg", proposals=propose(COW))
    )
    before = (root / "a.json").read_bytes()
    found = accept(desk, root)
    assert [(one.state, one.taken) for one in found.values()] == [("untouched", False)] * 2
    assert (root / "a.json").read_bytes() == before
    assert not (root / "b.json").exists()


def test_a_draft_that_labelme_only_saved_again_is_untouched(root, desk):
    put(desk, root, Draft(image="b.jpg", proposals=propose(COW)))
    save_as_labelme(desk / "b.json", version="7.9.1")
    accept(desk, root)
    assert not (root / "b.json").exists()


def test_with_everything_what_nobody_touched_is_taken_too(root, desk):
    put(desk, root, Draft(image="b.jpg", proposals=propose(COW)))
    assert accept(desk, root, everything=True)["b.jpg"].kept == 1
    assert labels(root / "b.json") == ["cow"]


def test_a_draft_with_the_flag_ticked_is_taken_as_it_stands_and_the_flag_stays_behind(root, desk):
    put(
        desk,
        root,
        Draft(image="a.jpg", why="look", proposals=propose(COW, why="cow 0.90"), notes={0: "a cat?"}),
    )
    save_as_labelme(desk / "a.json", tick)
    (found,) = accept(desk, root).values()
    after = read_annotation(root / "a.json")
    assert (found.state, found.taken, found.kept, found.conflicts) == ("done", True, 1, ())
    assert [(shape.label, shape.description or "") for shape in after.shapes] == [
        ("cat", ""),
        ("dog", ""),
        ("cow", ""),
    ]
    assert after.flags == {"night": True, "blurred": False}
    assert after.extra == {"camera": "left"}
    assert after.image_path == "a.jpg"


def test_what_the_machine_began_says_so_afterwards_and_what_a_person_drew_says_nothing(root, desk):
    put(desk, root, Draft(image="a.jpg", proposals=propose(COW)))
    change(desk, "a", label="lynx")
    accept(desk, root)
    assert [shape.extra for shape in read_annotation(root / "a.json").shapes] == [
        {},
        {},
        {KEY: {"run": "r1", "score": 0.9, "id": "r1:7.0"}},
    ]


def test_an_image_that_had_no_labels_has_a_file_beside_it_then(root, desk):
    make_image(root / "night/c.jpg")
    put(desk, root, Draft(image="night/c.jpg", proposals=propose(COW)))
    change(desk, "night/c", label="cat")
    accept(desk, root)
    after = read_annotation(root / "night/c.json")
    assert (after.image_path, after.image_size, [shape.label for shape in after.shapes]) == (
        "c.jpg",
        (100, 80),
        ["cat"],
    )


def test_an_image_on_which_nothing_is_becomes_a_negative(root, desk):
    put(desk, root, Draft(image="b.jpg", proposals=propose(COW)))
    save_as_labelme(desk / "b.json", lambda raw: raw["shapes"].clear())
    accept(desk, root)
    assert read_annotation(root / "b.json").shapes == ()


def test_a_proposal_that_the_person_deleted_does_not_come(root, desk):
    put(desk, root, Draft(image="a.jpg", proposals=(*propose(COW, "1"), *propose(box("elk", 70, 50), "2"))))
    save_as_labelme(desk / "a.json", lambda raw: raw["shapes"].pop(2))
    accept(desk, root)
    assert labels(root / "a.json") == ["cat", "dog", "elk"]


def test_a_draft_that_the_person_deleted_leaves_the_image_as_it_is(root, desk):
    put(desk, root, Draft(image="a.jpg", proposals=propose(COW)))
    (desk / "a.json").unlink()
    assert accept(desk, root, everything=True)["a.jpg"].state == "deleted"
    assert labels(root / "a.json") == ["cat", "dog"]


# Better outlines are offered beside what is there


OFFER = replace(CAT, points=tuple((x + 1, y + 1) for x, y in CAT.points))


def test_an_offer_stays_behind_where_the_shape_stays_that_it_would_replace(root, desk):
    put(desk, root, Draft(image="a.jpg", proposals=propose(OFFER, instead=0)))
    save_as_labelme(desk / "a.json", tick)
    (found,) = accept(desk, root).values()
    assert (found.undecided, labels(root / "a.json")) == (1, ["cat", "dog"])
    assert read_annotation(root / "a.json").shapes[0].points == CAT.points


def test_an_offer_comes_where_the_old_shape_was_deleted(root, desk):
    put(desk, root, Draft(image="a.jpg", proposals=propose(OFFER, instead=0)))
    save_as_labelme(desk / "a.json", lambda raw: raw["shapes"].pop(0))
    (found,) = accept(desk, root).values()
    assert found.undecided == 0
    assert {shape.points for shape in read_annotation(root / "a.json").shapes} == {DOG.points, OFFER.points}
    assert "instead" not in str(read_annotation(root / "a.json"))


def test_an_offer_that_the_person_worked_on_comes(root, desk):
    put(desk, root, Draft(image="a.jpg", proposals=propose(OFFER, instead=0)))
    save_as_labelme(desk / "a.json", lambda raw: raw["shapes"][2].update(label="lynx"))
    accept(desk, root)
    assert labels(root / "a.json") == ["cat", "dog", "lynx"]


@pytest.mark.parametrize("touch", ["moved", "deleted"])
def test_an_offer_of_several_shapes_comes_whole_or_not_at_all(root, desk, touch):
    """Who moves the outline of a ring has chosen its hole with it; who deletes a part has chosen the rest."""
    outline, part, hole = (
        replace(OFFER, label=name, group=5, points=tuple((x + by, y + by) for x, y in OFFER.points))
        for name, by in (("cat", 1), ("cat", 2), ("hole", 3))
    )
    offered = mark_proposal([outline, part, hole], run="r1", name="7", instead=0)
    put(desk, root, Draft(image="a.jpg", proposals=offered))
    save_as_labelme(desk / "a.json", tick)
    (found,) = accept(desk, root).values()
    assert (found.undecided, labels(root / "a.json")) == (3, ["cat", "dog"])
    shapes = {"moved": lambda raw: raw["shapes"][2]["points"][0].__setitem__(0, 1.5)}
    shapes["deleted"] = lambda raw: raw["shapes"].pop(3)
    put(desk, root, Draft(image="a.jpg", proposals=offered))
    save_as_labelme(desk / "a.json", shapes[touch])
    (found,) = accept(desk, root).values()
    assert found.undecided == 0
    assert labels(root / "a.json")[2:] == (["cat", "cat", "hole"] if touch == "moved" else ["cat", "hole"])


# The annotation changed meanwhile


def test_what_somebody_drew_in_the_annotation_meanwhile_stays(root, desk):
    put(desk, root, Draft(image="a.jpg", proposals=propose(COW)))
    change(desk, "a", label="lynx")
    label(root, "a.jpg", CAT, DOG, box("elk", 70, 50))
    (found,) = accept(desk, root).values()
    assert sorted(labels(root / "a.json")) == ["cow", "dog", "elk", "lynx"]
    assert found.conflicts == ()


def test_a_conflict_is_listed_and_both_stay(root, desk):
    put(desk, root, Draft(image="a.jpg"))
    change(desk, "a", label="lynx")
    label(root, "a.jpg", replace(CAT, label="puma"), DOG)
    (found,) = accept(desk, root).values()
    assert sorted(labels(root / "a.json")) == ["dog", "lynx", "puma"]
    assert [one.where for one in found.conflicts] == ["shapes[0]"]


def test_an_annotation_that_was_made_meanwhile_is_merged_with(root, desk):
    put(desk, root, Draft(image="b.jpg", proposals=propose(COW)))
    change(desk, "b", label="elk")
    label(root, "b.jpg", CAT)
    accept(desk, root)
    assert sorted(labels(root / "b.json")) == ["cat", "elk"]


def test_an_annotation_that_was_deleted_meanwhile_is_said(root, desk):
    put(desk, root, Draft(image="a.jpg", proposals=propose(COW)))
    change(desk, "a", label="lynx")
    (root / "a.json").unlink()
    (found,) = accept(desk, root).values()
    assert sorted(labels(root / "a.json")) == ["cow", "lynx"]
    assert [one.what.split(";")[0] for one in found.conflicts][-1] == "deleted meanwhile"


def test_an_annotation_that_is_torn_is_never_written_over(root, desk):
    put(desk, root, Draft(image="a.jpg"))
    change(desk, "a", label="lynx")
    (root / "a.json").write_text((root / "a.json").read_text()[:-30])
    os.utime(root / "a.json", (1, 1))
    before = (root / "a.json").read_bytes()
    (found,) = accept(desk, root).values()
    assert "whole JSON" in found.refused
    assert (root / "a.json").read_bytes() == before
    assert read_states(desk) == {"a.jpg": "edited"}


def test_a_desk_that_names_a_file_outside_is_refused(root, desk, tmp_path):
    put(desk, root, Draft(image="a.jpg"))
    change(desk, "a", label="lynx")
    path = slot_file(desk, "a.json")
    path.write_text(path.read_text().replace('"annotation": "a.json"', '"annotation": "../out.json"'))
    (found,) = accept(desk, root).values()
    assert "must belong into" in found.refused
    assert not (tmp_path / "out.json").exists()


# Again and again


def test_a_second_time_brings_nothing_and_a_later_edit_brings_that(root, desk):
    put(desk, root, Draft(image="a.jpg", proposals=propose(COW)))
    change(desk, "a", label="lynx")
    accept(desk, root)
    assert read_states(desk) == {"a.jpg": "accepted"}
    before = (root / "a.json").read_bytes()
    assert not accept(desk, root, everything=True)["a.jpg"].taken
    assert (root / "a.json").read_bytes() == before
    change(desk, "a", label="tiger")
    label(root, "a.jpg", *read_annotation(root / "a.json").shapes, box("elk", 70, 50))
    (found,) = accept(desk, root).values()
    assert (found.conflicts, sorted(labels(root / "a.json"))) == ((), ["cow", "dog", "elk", "tiger"])


def test_the_old_file_is_kept_byte_for_byte(root, desk):
    put(desk, root, Draft(image="a.jpg"))
    change(desk, "a", label="lynx")
    before = (root / "a.json").read_bytes()
    (found,) = accept(desk, root).values()
    assert found.backup.read_bytes() == before
    assert found.backup.is_relative_to(desk)
    assert (labels(found.backup), [shape.label for shape in found.before.shapes]) == (
        ["cat", "dog"],
        ["cat", "dog"],
    )


def test_shapes_without_ids_are_known_by_their_look(root, desk):
    """A tool that drops keys that it does not know."""
    put(desk, root, Draft(image="a.jpg", proposals=propose(COW), notes={0: "is it?"}))

    def drop(raw):
        for shape in raw["shapes"]:
            shape.pop(KEY)
        raw["shapes"][1]["label"] = "wolf"

    save_as_labelme(desk / "a.json", drop)
    label(root, "a.jpg", replace(CAT, description="shy"), DOG)
    (found,) = accept(desk, root).values()
    assert (found.conflicts, labels(root / "a.json")) == ((), ["cat", "wolf", "cow"])
    assert read_annotation(root / "a.json").shapes[0].description == "shy"


# Crashes and races


def die_after(steps, desk, root):
    """Bring back in a child that is killed before or after one of the files takes its place; return how it ended."""
    child = os.fork()
    if not child:
        left = [steps]

        def count(real):
            def step(*words, **more):
                for place in (0, 1):
                    left[0] -= 1
                    if left[0] < 0:
                        os.kill(os.getpid(), signal.SIGKILL)
                    if not place:
                        done = real(*words, **more)
                return done

            return step

        accepting.write_atomically = count(accepting.write_atomically)
        remembering.write_atomically = count(remembering.write_atomically)
        list(accepting.bring_back(desk, annotations=root, stamp="killed"))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_killed_at_any_step_nothing_is_lost_and_the_next_time_completes_it(root, desk, tmp_path):
    """Killed before and after each file takes its place; an equal shape twice would show a deletion done twice."""
    label(root, "a.jpg", CAT, CAT, DOG)
    names = ["a.jpg", "b.jpg"]
    put(desk, root, *(Draft(image=name, proposals=propose(COW)) for name in names))
    save_as_labelme(desk / "a.json", lambda raw: raw["shapes"].pop(0))
    change(desk, "b", label="elk")
    label(root, "a.jpg", CAT, CAT, DOG, box("ape", 70, 50))
    saved = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    clean = None
    for steps in range(20):
        for path in tmp_path.rglob("*.json"):
            path.unlink()
        for path, content in saved.items():
            path.write_bytes(content)
        code = die_after(steps, desk, root)
        half = (root / "a.json").read_bytes()
        assert half == saved[root / "a.json"] or sorted(labels(root / "a.json")) == [
            "ape",
            "cat",
            "cow",
            "dog",
        ]
        found = accept(desk, root)
        assert sorted(labels(root / "a.json")) == ["ape", "cat", "cow", "dog"]
        assert labels(root / "b.json") == ["elk"]
        assert not any(one.refused or one.conflicts for one in found.values())
        assert set(read_states(desk).values()) == {"accepted"}
        assert all(slot.pending is None for slot in read_slots(desk))
        result = (root / "a.json").read_bytes(), (root / "b.json").read_bytes()
        clean = clean or result
        assert result == clean
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert 10 <= steps < 19, steps


def test_a_draft_that_labelme_is_just_writing_is_read_when_it_is_whole(root, desk):
    put(desk, root, Draft(image="a.jpg"))
    change(desk, "a", label="lynx")
    whole = (desk / "a.json").read_bytes()
    (desk / "a.json").write_bytes(whole[: len(whole) // 2])

    def finish():
        time.sleep(0.25)
        (desk / "a.json").write_bytes(whole)

    writer = threading.Thread(target=finish)
    writer.start()
    found = accept(desk, root)
    writer.join()
    assert found["a.jpg"].taken
    assert labels(root / "a.json") == ["lynx", "dog"]


def test_an_annotation_that_somebody_saves_in_that_moment_is_merged_again(root, desk, monkeypatch):
    put(desk, root, Draft(image="a.jpg"))
    change(desk, "a", label="lynx")
    real, calls = accepting.join, []

    def slow(slot, person, other):
        calls.append(other)
        if len(calls) == 1:
            write_annotation(root / "a.json", replace(other, shapes=(*other.shapes, COW)))
        return real(slot, person, other)

    monkeypatch.setattr(accepting, "join", slow)
    (found,) = accept(desk, root).values()
    assert (len(calls), found.taken, labels(root / "a.json")) == (2, True, ["lynx", "dog", "cow"])


def test_an_annotation_that_never_stands_still_is_left_alone(root, desk, monkeypatch):
    put(desk, root, Draft(image="a.jpg"))
    change(desk, "a", label="lynx")
    real, calls = accepting.join, []

    def slow(slot, person, other):
        calls.append(other)
        write_annotation(root / "a.json", replace(other, shapes=(*other.shapes, COW)))
        return real(slot, person, other)

    monkeypatch.setattr(accepting, "join", slow)
    (found,) = accept(desk, root).values()
    assert "must stand still" in found.refused
    assert labels(root / "a.json") == ["cat", "dog", *["cow"] * len(calls)]
    assert json.loads(annotation_to_bytes(read_annotation(root / "a.json"), ""))
