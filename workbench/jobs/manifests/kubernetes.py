"""Kubernetes: a Job of batch/v1; an indexed one for trainings that belong together.

What follows a training runs in the same pod: all but the last are init containers, which run one after the other. A pod
that is evicted, or whose node dies, is replaced without counting as a failure, and only once it is gone: the training
then goes on with its run, as it does everywhere.
"""

import re
import shlex
from collections.abc import Mapping
from math import ceil

from workbench.errors import USAGE, JobError
from workbench.jobs.job import Job
from workbench.jobs.manifests.work import HOPELESS, PLACE, Chain, Work, require_told
from workbench.jobs.manifests.yaml_text import Value, dump_yaml

SETTINGS: Mapping[str, str] = {
    "image": "the container image that has the workbench",
    "claim": "the PersistentVolumeClaim that holds the folder in which you launch; ReadWriteMany for several pods",
    "memory": "what a pod asks for, and may take at most",
    "parallel": "how many pods of a sweep run at once",
    "namespace": "where the job is made",
    "user": "number of the user, to whom the files on the volume belong",
}
DEFAULTS: Mapping[str, str] = {
    "image": "detectron2-workbench:latest",
    "claim": "workbench",
    "memory": "8Gi",
    "user": "1000",
}
GRACE = 60  # seconds for a checkpoint, when the pod has to go
KEPT = 7 * 24 * 3600  # seconds that an ended job is still to be seen
LONGEST = 52  # letters of a name; pods add their own to it, and 63 are allowed
LARGEST = 100_000  # bytes of one word that a program can be given, on Linux a little more
INDEX = "JOB_COMPLETION_INDEX"  # Kubernetes tells each pod its number by it


def show_kubernetes(work: Work) -> str:
    """Return the manifest, for kubectl apply -f."""
    require_told("kubernetes", work.told, SETTINGS)
    told = {**DEFAULTS, **work.told}
    for key in ("user", "parallel"):
        if key in told and not told[key].isdecimal():
            raise JobError(f"--set {key}={told[key]}: must be a number, but is not; correct it", USAGE)
    return dump_yaml(_describe(work, told))


def name_object(name: str) -> str:
    """Return a name that Kubernetes takes: small letters, digits, dashes."""
    found = re.sub(r"[^a-z0-9]+", "-", f"workbench-{name}".lower())[:LONGEST]
    return found.strip("-")


def _describe(work: Work, told: Mapping[str, str]) -> dict[str, Value]:
    name = name_object(work.name)
    labels = {"app.kubernetes.io/name": "workbench", "app.kubernetes.io/instance": name}
    place = {"namespace": told["namespace"]} if "namespace" in told else {}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, **place, "labels": labels},
        "spec": {
            **_describe_count(work, told),
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": _describe_failures(work)},
            "ttlSecondsAfterFinished": KEPT,
            "template": {"metadata": {"labels": labels}, "spec": _describe_pod(work, told)},
        },
    }


def _describe_count(work: Work, told: Mapping[str, str]) -> dict[str, Value]:
    count, retries = len(work.chains), work.pattern.retries
    if count == 1:
        return {"backoffLimit": retries}
    parallel = min(count, int(told.get("parallel", count)))
    return {
        "completionMode": "Indexed",
        "completions": count,
        "parallelism": parallel,
        "backoffLimitPerIndex": retries,
        "maxFailedIndexes": count,
    }


def _describe_failures(work: Work) -> list[Value]:
    """What is no failure, and what would be one every time."""
    action = "FailJob" if len(work.chains) == 1 else "FailIndex"
    return [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {"action": action, "onExitCodes": {"operator": "In", "values": list(HOPELESS)}},
    ]


def _describe_pod(work: Work, told: Mapping[str, str]) -> dict[str, Value]:
    steps = [_describe_step(work, step, told) for step in range(len(work.chains[0]))]
    user = int(told["user"])
    limit: dict[str, Value] = {}
    if work.pattern.limit:
        limit["activeDeadlineSeconds"] = ceil(work.pattern.limit)
    before: dict[str, Value] = {"initContainers": steps[:-1]} if len(steps) > 1 else {}
    return {
        "restartPolicy": "Never",
        **limit,
        "terminationGracePeriodSeconds": GRACE,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **before,
        "containers": steps[-1:],
        "volumes": [
            {"name": "work", "persistentVolumeClaim": {"claimName": told["claim"]}},
            {"name": "tmp", "emptyDir": {}},
            {"name": "shm", "emptyDir": {"medium": "Memory"}},
        ],
    }


def _describe_step(work: Work, step: int, told: Mapping[str, str]) -> dict[str, Value]:
    job = work.chains[0][step]
    takes: dict[str, Value] = {"cpu": str(job.cores), "memory": told["memory"]}
    graphics: dict[str, Value] = {"nvidia.com/gpu": str(job.gpus)} if job.gpus else {}
    return {
        "name": name_step(job),
        "image": told["image"],
        "command": _choose_command(work.chains, step),
        "workingDir": PLACE,
        "env": [
            {"name": "HOME", "value": "/tmp"},
            {"name": "WORKBENCH_CACHE", "value": f"{PLACE}/.cache/workbench"},
            {"name": "FVCORE_CACHE", "value": f"{PLACE}/.cache/fvcore"},
            {"name": "OMP_NUM_THREADS", "value": str(job.cores)},
            {"name": "PYTHONUNBUFFERED", "value": "1"},
        ],
        "resources": {"requests": takes, "limits": {"memory": told["memory"], **graphics}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "work", "mountPath": PLACE},
            {"name": "tmp", "mountPath": "/tmp"},
            {
                "name": "shm",
                "mountPath": "/dev/shm",
            },  # data workers hand images over in it; 64 MB are too few
        ],
    }


def name_step(job: Job) -> str:
    """Return the name of a container: what it does."""
    return name_object(job.command[1] if len(job.command) > 1 else "run").removeprefix("workbench-")


def _choose_command(chains: tuple[Chain, ...], step: int) -> list[Value]:
    """The words themselves; a pod of several takes those of its number, and becomes that program, to hear signals."""
    if len(chains) == 1:
        return list(chains[0][step].command)
    cases = [f"{number}) set -- {shlex.join(chain[step].command)} ;;" for number, chain in enumerate(chains)]
    script = "\n".join([f'case "${INDEX}" in', *cases, "*) exit 2 ;;", "esac", 'exec "$@"', ""])
    if len(script.encode()) > LARGEST:
        raise JobError(
            f"a manifest must describe its trainings in {LARGEST} bytes, but {len(chains)} of them take "
            f"{len(script.encode())}; launch them in several sweeps",
            USAGE,
        )
    return ["sh", "-c", script]
