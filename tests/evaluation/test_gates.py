"""Gates: how they are written, when they hold, and what is said of them."""

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.gates import GateError, describe_verdict, judge_gates, parse_gate
from workbench.evaluation.junit import verdicts_to_junit

DOCUMENT = {
    "mask": {"AP": 0.5, "APs": None},
    "images": 12,
    "intervals": {"mask.AP": [0.4, 0.6]},
    "per_category": {
        "a:b": {"mask": {"AP": 0.25}, "truths": 7, "predictions": 3, "intervals": {"mask.AP": [0.1, 0.2]}},
        "none": {"mask": {"AP": None}, "truths": 0, "predictions": 3},
    },
}


def judge(text):
    return judge_gates([parse_gate(text)], DOCUMENT)


def holds(text):
    (verdict,) = judge(text)
    return verdict.passed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mask.AP>=0.5", True),
        ("mask.AP>0.5", False),
        ("mask.AP<=0.5", True),
        ("mask.AP<0.5", False),
        (" mask.AP  >=  50 % ", True),
        ("mask.AP>=51%", False),
        ("mask.AP.low>=0.4", True),
        ("mask.AP.low>=0.41", False),
        ("mask.AP.high<=0.6", True),
        ("images>=12", True),
        ("images>12", False),
        ("a:b:mask.AP>=0.25", True),
        ("a:b:truths>=8", False),
        ("a:b:mask.AP.high<0.3", True),
        ("*:mask.AP>=0.2", True),  # what has no truth is not asked
        ("mask.APs>=0", False),  # no value keeps no bound
        ("none:mask.AP>=0", False),
    ],
)
def test_a_gate_holds_or_not(text, expected):
    assert holds(text) is expected


def test_a_gate_for_every_class_is_a_gate_for_each_with_truth():
    assert [verdict.gate.text for verdict in judge("*:mask.AP>=0.2")] == ["a:b:mask.AP>=0.2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mask.AP", "mask.AP>=0.42"),
        ("mask.AP=0.4", "mask.AP>=0.42"),
        (">=0.4", "mask.AP>=0.42"),
        ("mask.AP>=high", "mask.AP>=0.42"),
        ("mask.AP>=0.4.2", "mask.AP>=0.42"),
        ("mask.AP>=42", "write 0.42 or 42%"),
        ("mask.A>=0.4", 'did you mean "mask.AP"?'),
        ("a:c:mask.AP>=0.4", 'did you mean "a:b"?'),
        ("a:b:truths.low>=0.4", "must have an interval"),
        ("*:mask.PA>=0.4", "a:b:mask.PA>=0.4"),
    ],
)
def test_a_gate_that_makes_no_sense_is_a_mistake_of_the_command_line(text, words):
    with pytest.raises(GateError) as caught:
        judge(text)
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_verdict_says_the_value_the_interval_and_by_how_much():
    assert describe_verdict(*judge("mask.AP>=0.3")) == "0.500 (0.400–0.600), 0.200 above"
    doubtful = "0.500 (0.400–0.600), 0.050 below; might be otherwise on other images"
    assert describe_verdict(*judge("mask.AP>=0.55")) == doubtful
    assert describe_verdict(*judge("a:b:truths>=8")) == "7, 1 below"
    assert describe_verdict(*judge("images<=12")) == "12, as the bound"
    assert describe_verdict(*judge("mask.AP.low>=0.3")) == "0.500 (0.400–0.600), the low end 0.100 above"
    assert "no truth" in describe_verdict(*judge("mask.APs>=0.1"))


def test_the_margin_is_negative_on_the_wrong_side():
    margins = [judge(text)[0].margin for text in ("mask.AP>=0.4", "mask.AP>=0.75", "mask.AP<=0.4")]
    assert margins == pytest.approx([0.1, -0.25, -0.1])
    assert judge("mask.APs>=0.1")[0].to_json()["margin"] is None


def test_the_junit_file_has_a_case_for_each_gate_whatever_a_class_is_called():
    document = {"per_category": {'<&"\x1b\ud800>': {"mask": {"AP": 0.1}, "truths": 2}}}
    verdicts = judge_gates(
        [parse_gate(f'<&"\x1b\ud800>:mask.AP>={bound}') for bound in (0.05, 0.5)], document
    )
    text = verdicts_to_junit(verdicts, name="a run's & more")
    suite = ElementTree.fromstring(text.encode())[0]
    assert suite.get("tests") == "2" and suite.get("failures") == "1"
    first, second = suite
    assert first.find("failure") is None and "0.050 above" in first.find("system-out").text
    assert "0.400 below" in second.find("failure").get("message")
    assert first.get("classname") == "a run's & more"
    assert first.get("name").startswith('<&"')


def test_a_gate_of_several_lines_is_named_in_one():
    assert parse_gate("mask.AP\r>= 0.3").text == "mask.AP >= 0.3"


@given(
    st.text(max_size=30)
    | st.from_regex(r"(a:b:|\*:|x:)?(mask|images|truths)(\.AP)?(\.low)?[<>]=?[0-9.e-]{0,6}%?")
)
def test_whatever_is_typed_is_a_gate_or_a_mistake_of_the_command_line(text):
    try:
        for verdict in judge(text):
            assert describe_verdict(verdict)
            verdicts_to_junit([verdict], name=text)
    except GateError as error:
        assert len(str(error).splitlines()) == 1
