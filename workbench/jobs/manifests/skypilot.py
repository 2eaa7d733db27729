"""SkyPilot: a task for `sky jobs launch`, which finds a machine in a cloud, and another one when that is taken away.

The folder in which somebody launched lies in a bucket. A sweep is one task that is launched once for each training: the
number is in $TRIAL.
"""

import shlex
from collections.abc import Mapping
from math import ceil

from workbench.errors import USAGE, JobError
from workbench.jobs.job import Job
from workbench.jobs.manifests.kubernetes import name_object
from workbench.jobs.manifests.work import PLACE, Chain, Work, require_told
from workbench.jobs.manifests.yaml_text import Value, dump_yaml

SETTINGS: Mapping[str, str] = {
    "image": "the container image that has the workbench",
    "store": "the bucket that holds the folder in which you launch: s3://…, gs://…, r2://…",
    "accelerators": "what kind of GPU: L4, A100-80GB, …; needed with --gpus",
    "memory": "GB that the machine must have",
    "infra": "where: aws, gcp/us-central1, kubernetes, …",
    "spot": "yes: machines that may be taken away, at a fraction of the price",
}
DEFAULTS: Mapping[str, str] = {
    "image": "detectron2-workbench:latest",
    "store": "s3://workbench",
    "memory": "16",
    "spot": "yes",
}
TRIAL = "TRIAL"
GRACE = 60  # seconds for a checkpoint, when a limit is reached


def show_skypilot(work: Work) -> str:
    """Return the task, with the line that launches it."""
    require_told("skypilot", work.told, SETTINGS)
    told = {**DEFAULTS, **work.told}
    _require_sound(work, told)
    return f"{_show_usage(work)}\n{dump_yaml(_describe(work, told))}"


def _require_sound(work: Work, told: Mapping[str, str]) -> None:
    if work.pattern.gpus and "accelerators" not in told:
        raise JobError(
            "--set accelerators: must be said with --gpus, but is not; say --set accelerators=L4", USAGE
        )
    if told["spot"] not in ("yes", "no"):
        raise JobError(f"--set spot={told['spot']}: must be yes or no, but is not; correct it", USAGE)
    if not told["memory"].isdecimal():
        raise JobError(
            f"--set memory={told['memory']}: must be a number of GB, but is not; correct it", USAGE
        )


def _show_usage(work: Work) -> str:
    name, count = name_object(work.name), len(work.chains)
    if count == 1:
        return f"# sky jobs launch -n {name} THIS_FILE"
    launch = f"sky jobs launch -y -d -n {name}-$trial --env {TRIAL}=$trial THIS_FILE"
    return f"# for trial in $(seq 0 {count - 1}); do {launch}; done"


def _describe(work: Work, told: Mapping[str, str]) -> dict[str, Value]:
    job = work.pattern
    number: dict[str, Value] = {TRIAL: "0"} if len(work.chains) > 1 else {}
    return {
        "name": name_object(work.name),
        "resources": {
            **({"infra": told["infra"]} if "infra" in told else {}),
            "image_id": f"docker:{told['image']}",
            "cpus": f"{job.cores}+",
            "memory": f"{told['memory']}+",
            **({"accelerators": f"{told['accelerators']}:{job.gpus}"} if job.gpus else {}),
            "use_spot": told["spot"] == "yes",
            "job_recovery": {"max_restarts_on_errors": job.retries},
        },
        "file_mounts": {PLACE: {"source": told["store"], "mode": "MOUNT_CACHED"}},
        "envs": {
            **number,
            "OMP_NUM_THREADS": str(job.cores),
            "PYTHONUNBUFFERED": "1",
            "WORKBENCH_CACHE": f"{PLACE}/.cache/workbench",
            "FVCORE_CACHE": f"{PLACE}/.cache/fvcore",
        },
        "run": _show_script(work.chains),
    }


def _show_script(chains: tuple[Chain, ...]) -> str:
    head = ["set -e", f"cd {PLACE}"]
    if len(chains) == 1:
        return "\n".join([*head, *map(_show_step, chains[0]), ""])
    cases = []
    for number, chain in enumerate(chains):
        cases += [f"{number})", *(f"  {_show_step(job)}" for job in chain), "  ;;"]
    return "\n".join([*head, f'case "${TRIAL}" in', *cases, "*) exit 2 ;;", "esac", ""])


def _show_step(job: Job) -> str:
    words = shlex.join(job.command)
    return f"timeout --kill-after={GRACE} {ceil(job.limit)} {words}" if job.limit else words
