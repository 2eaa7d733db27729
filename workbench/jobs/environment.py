"""What of the environment of whoever launches a job goes with it."""

from collections.abc import Mapping

# What decides which programs run, and how; no keys, no passwords.
INHERITED = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
INHERITED_FAMILIES = (
    "LC_",
    "OMP_",
    "CUDA_",
    "NCCL_",
    "GLOO_",
    "PYTHON",
    "WORKBENCH_",
    "DETECTRON2_",
    "FVCORE_",
    "TORCH",
)
GIVEN = "CUDA_VISIBLE_DEVICES"  # who starts a job says which GPUs it sees, whatever its launcher saw


WOKEN = "WORKBENCH_WOKEN_WITH"  # names of that kind that a daemon has of whoever woke it


def drop_wakers(found: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what a daemon has of whoever woke it, and which each job has of its launcher."""
    theirs = {WOKEN, *found.get(WOKEN, "").split()}
    return {name: value for name, value in found.items() if name not in theirs}


def choose_environment(found: Mapping[str, str]) -> dict[str, str]:
    """Return what a job needs of the environment in which it was launched."""
    return {
        name: value
        for name, value in sorted(found.items())
        if name in INHERITED or (name.startswith(INHERITED_FAMILIES) and name != GIVEN)
    }
