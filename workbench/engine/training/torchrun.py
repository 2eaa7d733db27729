"""torchrun, which must not outlive the workbench that started it."""

import os

from workbench.parallel import die_with_parent

LAUNCHER = "WORKBENCH_LAUNCHER"


def main() -> None:
    """Take torchrun's own words from the command line."""
    die_with_parent(int(os.environ[LAUNCHER]))
    from torch.distributed.run import main as run

    run()


if __name__ == "__main__":
    main()
