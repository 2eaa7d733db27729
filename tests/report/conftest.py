"""One browser for all tests of the page; where there is none, they say so."""

import pytest

from tests.browser import find_browser, start_browser


@pytest.fixture(scope="package")
def browser():
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium on the path: apt-get install chromium")
    with start_browser(program) as one:
        yield one
