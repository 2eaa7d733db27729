"""What verbs print: documents whatever the names in them are."""

import json
import os

import pytest

from workbench.commands.output import print_json


def test_a_name_that_is_no_utf8_is_printed_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"jobs": [{"place": os.fsdecode(b"/caf\xe9"), "what": "für"}]}
    print_json(document)
    assert json.loads(capsys.readouterr().out) == document
