"""Sentences that fit the terminal; tables are as wide as they are."""

import shutil
from textwrap import wrap

_NARROWEST, _WIDEST = 60, 100


def fold(text: str, indent: str = "  ") -> str:
    """Break a sentence into lines, all but the first indented."""
    width = max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((80, 24)).columns))
    lines = wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)
