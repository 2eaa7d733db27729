"""In CI nothing is left out quietly: with WORKBENCH_CI=1 a test that skips itself fails.

Three reasons hold there too: real data that is not part of the repository, a graphics card, and a library that nobody
must have (`optional`).
"""

import os
import signal
from collections.abc import Generator

import pytest

# A shell starts what runs in the background with Ctrl-C ignored, and programs that the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where it must not be one."""
    report = yield
    marks = {mark.name for mark in item.iter_markers()}
    excused = "shared" in getattr(item, "fixturenames", ()) or marks & {"gpu", "optional"}
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("WORKBENCH_CI") and not excused:
        report.outcome = "failed"
        report.longrepr = f"WORKBENCH_CI is set, and this was skipped: {report.longrepr}"
    return report
