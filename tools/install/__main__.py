"""The door: find a Python that is new enough, then do the steps. This file alone must run on any Python 3."""

import os
import shutil
import subprocess
import sys
from typing import Optional

OLDEST = (3, 11)
OTHERS = ("python3.13", "python3.12", "python3.11")

TOO_OLD = """python: must be 3.11 or later, but {program} is {version} and no python3.11, 3.12 or 3.13 is on the path;
  on Debian and Ubuntu: sudo apt install python3.12 python3.12-venv   (or python3.11, python3.13)
  or name one of your own: make demo PYTHON=/path/to/python3.12"""


def main() -> int:
    """Hand over to `run`, in this Python or in a newer one."""
    if sys.version_info >= OLDEST:
        from tools.install.run import main as install

        return install()
    return hand_over()


def hand_over() -> int:
    """Start a newer Python in place of this one."""
    found = next(filter(starts, map(shutil.which, OTHERS)), None)
    version = "{}.{}.{}".format(*sys.version_info[:3])
    if found is None:
        print(TOO_OLD.format(program=sys.executable, version=version), file=sys.stderr)
        return 1
    print(f"python3 is {version}, which is too old; using {found}", flush=True)
    return os.execv(found, [found, "-m", "tools.install", *sys.argv[1:]])


def starts(python: Optional[str]) -> bool:  # noqa: UP045 - an old Python reads this
    """Version managers leave a `python3.13` on the path that only says how to get one."""
    return python is not None and subprocess.call([python, "-c", ""], stderr=subprocess.DEVNULL) == 0


if __name__ == "__main__":
    sys.exit(main())
