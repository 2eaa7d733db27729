"""The two ends of the line to Ray, without a cluster."""

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.jobs.engines import ray_link
from workbench.jobs.engines.ray_link import Link


def test_what_is_to_end_is_said_once_and_again_when_it_is_still_there_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[object] = []
    monkeypatch.setattr(Link, "_say", lambda self, content: said.append(content))
    link = Link(address="head:1", token="none", names={"a", "b"})
    for _ in range(3):
        link.end("a")
    link.end("b")
    assert said == [{"end": "a"}, {"end": "b"}]
    monkeypatch.setattr(ray_link, "PAUSE", 0.0)
    link.end("a")
    assert said[2:] == [{"end": "a"}]


def test_an_actor_that_cannot_start_its_keeper_ends_and_holds_nothing(tmp_path: Path) -> None:
    script = """
import sys, time
from workbench.jobs.engines.ray_driver import Place
Place([sys.executable, "a\\0b"], "/", sys.argv[1], "")
time.sleep(20)
"""
    words = [sys.executable, "-c", script, str(tmp_path / "end")]
    subprocess.run(words, check=True, timeout=10, capture_output=True)
