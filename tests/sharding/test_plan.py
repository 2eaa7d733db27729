"""A list on disk: each item once, in order, whatever the division; and what is begun is gone on with."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import JobError, WorkbenchError
from workbench.sharding import plan as plans
from workbench.sharding.plan import make_plan, read_plan

ASKED = {"run": "balloons"}


def name(count):
    return [f"{number}.jpg" for number in range(count)]


def test_a_list_of_ten_for_two_shards_by_hand(tmp_path):
    plan = make_plan(tmp_path / "p", name(10), shards=2, asked=ASKED, chunk=3)
    assert (plan.count, plan.chunks, [plan.size(chunk) for chunk in range(4)]) == (10, 4, [3, 3, 3, 1])
    first = [(0, "0.jpg"), (1, "1.jpg"), (2, "2.jpg"), (6, "6.jpg"), (7, "7.jpg"), (8, "8.jpg")]
    assert list(plan.items(1)) == first
    assert list(plan.items(2)) == [(3, "3.jpg"), (4, "4.jpg"), (5, "5.jpg"), (9, "9.jpg")]
    assert read_plan(tmp_path / "p") == plan


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(st.text()), shards=st.integers(1, 9), chunk=st.integers(0, 5))
def test_every_item_is_in_exactly_one_shard_whatever_it_is_called(tmp_path_factory, items, shards, chunk):
    folder = tmp_path_factory.mktemp("plan") / "p"
    plan = make_plan(folder, iter(items), shards=shards, asked=ASKED, chunk=chunk)
    found = sorted(one for shard in range(1, plan.shards + 1) for one in plan.items(shard))
    assert found == list(enumerate(items))
    assert sum(map(plan.size, range(plan.chunks))) == plan.count == len(items)


def test_a_name_that_is_no_utf8_stays_what_it_is(tmp_path):
    plan = make_plan(tmp_path / "p", ["b\udcff.jpg", "two\nlines"], shards=1, asked=ASKED)
    assert [item for _, item in plan.items(1)] == ["b\udcff.jpg", "two\nlines"]


def test_a_long_list_is_cut_where_its_few_marks_are(tmp_path, monkeypatch):
    monkeypatch.setattr(plans, "MARKS", 8)
    plan = make_plan(tmp_path / "p", name(1000), shards=3, asked=ASKED, chunk=1)
    assert plan.chunk == 128 and plan.chunks == 8
    assert sorted(one for shard in (1, 2, 3) for one in plan.items(shard)) == list(enumerate(name(1000)))


def test_there_are_no_more_shards_than_chunks(tmp_path):
    assert make_plan(tmp_path / "p", name(3), shards=8, asked=ASKED).shards == 3
    assert make_plan(tmp_path / "q", [], shards=8, asked=ASKED).shards == 1


def test_the_same_again_goes_on_with_what_is_done_even_with_more_shards(tmp_path):
    plan = make_plan(tmp_path / "p", name(40), shards=2, asked=ASKED)
    plan.part(3).mkdir(parents=True)
    again = make_plan(tmp_path / "p", name(40), shards=5, asked=ASKED)
    assert again.part(3).is_dir() and (again.chunk, again.shards) == (plan.chunk, 5)
    assert read_plan(tmp_path / "p") == again
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


@pytest.mark.parametrize(
    ("items", "asked", "words"),
    [
        (name(5), {"run": "faces"}, 'run was "balloons", and now is "faces"'),
        (name(6), ASKED, "its list was another (5 items, now 6)"),
    ],
)
def test_other_work_is_not_mixed_in(tmp_path, items, asked, words):
    make_plan(tmp_path / "p", name(5), shards=2, asked=ASKED)
    with pytest.raises(JobError) as caught:
        make_plan(tmp_path / "p", items, shards=2, asked=asked)
    assert words in str(caught.value) and "stop its jobs" in str(caught.value)
    assert read_plan(tmp_path / "p").count == 5


def test_what_is_over_makes_room_for_the_next(tmp_path):
    make_plan(tmp_path / "p", name(5), shards=2, asked=ASKED).gathered.write_text("{}")
    assert make_plan(tmp_path / "p", name(6), shards=2, asked=ASKED).count == 6


def test_of_two_who_begin_anew_none_destroys_what_the_other_has_begun(tmp_path, monkeypatch):
    old = make_plan(tmp_path / "p", name(5), shards=2, asked=ASKED)
    old.gathered.write_text("{}")
    real, todo = plans._is_over, [lambda: make_plan(tmp_path / "p", name(6), shards=2, asked=ASKED)]

    def look_early(folder):
        over = real(folder)
        if todo and over:
            todo.pop()().part(0).mkdir(parents=True)  # the twin, which is at it already
        return over

    monkeypatch.setattr(plans, "_is_over", look_early)
    plan = make_plan(tmp_path / "p", name(6), shards=2, asked=ASKED)
    assert plan.part(0).is_dir() and plan == read_plan(tmp_path / "p")
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "mine.txt").write_text("mine")
    with pytest.raises(JobError, match="somebody else made it"):
        make_plan(tmp_path / "p", name(5), shards=2, asked=ASKED)
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


@pytest.mark.parametrize("spoil", ["plan.json", "items.jsonl", "items.index"])
def test_a_plan_that_was_cut_off_is_noticed(tmp_path, spoil):
    plan = make_plan(tmp_path / "p", name(50), shards=2, asked=ASKED)
    path = plan.folder / spoil
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(WorkbenchError, match="damaged"):
        [list(read_plan(plan.folder).items(shard)) for shard in (1, 2)]


def test_a_plan_of_another_version_is_refused(tmp_path):
    plan = make_plan(tmp_path / "p", name(5), shards=2, asked=ASKED)
    head = json.loads((plan.folder / "plan.json").read_text())
    (plan.folder / "plan.json").write_text(json.dumps(head | {"format": 2}))
    with pytest.raises(JobError, match="another version"):
        read_plan(plan.folder)
