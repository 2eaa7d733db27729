"""One line for each step: its name, what it brings, how long it took; on a terminal also what it is at just now."""

import shutil
import sys
import time

NAME = 11


class StepLine:
    """The line of one step, from its start to its end."""

    def __init__(self, name: str, what: str) -> None:
        self.start = time.monotonic()
        self.live = sys.stdout.isatty()
        self.left = f"  {name:<{NAME}} {what}"
        self.width = shutil.get_terminal_size().columns - 1
        if self.live:
            self.at("")
        else:
            sys.stdout.write(f"{self.left} … ")
            sys.stdout.flush()

    def at(self, what: str) -> None:
        """Show what is being done; it is overwritten by the next."""
        if self.live:
            passed = f"{time.monotonic() - self.start:4.0f} s"
            sys.stdout.write("\r\033[K" + f"{self.left} … {passed}  {what}"[: self.width])
            sys.stdout.flush()

    def end(self, how: str = "") -> None:
        """Close the line."""
        passed = f"{time.monotonic() - self.start:.1f} s"
        text = f"{how or 'done'} ({passed})"
        sys.stdout.write(f"\r\033[K{self.left} … {text}\n" if self.live else f"{text}\n")
        sys.stdout.flush()
