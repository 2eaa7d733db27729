"""Manifests: held against the published schemas, and what their scripts would really run."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.manifests.schema import find_faults, read_schema
from workbench.errors import JobError
from workbench.jobs.job import Job
from workbench.jobs.manifests.kubernetes import name_object
from workbench.jobs.manifests.table import show_manifest
from workbench.jobs.manifests.work import Chain, Work, relocate
from workbench.jobs.words import PROGRAM

yaml = pytest.importorskip("yaml")

ROOT = Path("/home/me/here")
ODD = "INPUT.MIN_SIZE_TRAIN=(320, '$HOME')\n`x`"
WAYS = [
    {"count": 1},
    {"count": 1, "then": ()},
    {"count": 4, "then": ("evaluate", "report")},
    {"count": 2, "gpus": 2, "cores": 8, "limit": 90.5, "retries": 0},
]


def plan(*, count: int = 1, then: tuple[str, ...] = ("evaluate",), **more: Any) -> tuple[Chain, ...]:
    pattern = Job(command=(), place=str(ROOT), **{"retries": 1, **more})
    chains = []
    for number in range(count):
        train = replace(
            pattern,
            command=(*PROGRAM, "train", str(ROOT / "projects/p"), "KEY", ODD, "--run", f"s-{number}"),
        )
        run = str(ROOT / f"projects/p/runs/s-{number}")
        after = [replace(pattern, command=(*PROGRAM, verb, run), gpus=0) for verb in then]
        chains.append((train, *after))
    return relocate(chains, ROOT)


def show(kind: str, chains: tuple[Chain, ...], **told: str) -> Any:
    return yaml.safe_load(show_manifest(kind, Work(name="Süße Sweep_1", chains=chains, told=told)))


def run_script(words: list[str], tmp_path: Path, **environment: str) -> list[list[str]]:
    """Run it where `workbench` writes down what it was given."""
    programs = tmp_path / "bin"
    programs.mkdir(exist_ok=True)
    log = tmp_path / "log"
    log.unlink(missing_ok=True)
    (programs / "workbench").write_text(
        f"#!{sys.executable} -S\nimport sys\nopen({str(log)!r}, 'a').write(repr(sys.argv[1:]) + '\\n')\n"
    )
    (programs / "workbench").chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    subprocess.run(words, check=True, env={"PATH": path, **environment}, cwd=tmp_path)
    return [eval(line) for line in log.read_text().splitlines()]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_kubernetes_manifest_is_what_the_published_schema_asks_for(way: dict[str, Any]) -> None:
    schema = read_schema("kubernetes-1.36-job.json")
    found = show("kubernetes", plan(**way), namespace="vision", parallel="3")
    assert find_faults(found, schema, schema) == []


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_skypilot_task_is_what_the_published_schemas_ask_for(way: dict[str, Any]) -> None:
    schemas = read_schema("skypilot-0.14.1.json")
    found = show("skypilot", plan(**way), accelerators="L4", infra="aws")
    assert find_faults(found, schemas["task"], schemas["task"]) == []
    assert find_faults(found["resources"], schemas["resources"], schemas["resources"]) == []
    for mount in found["file_mounts"].values():
        assert find_faults(mount, schemas["storage"], schemas["storage"]) == []


def test_the_schemas_refuse_what_is_wrong() -> None:
    schema = read_schema("kubernetes-1.36-job.json")
    found = show("kubernetes", plan())
    found["spec"]["backofLimit"] = 3
    found["spec"]["template"]["spec"]["containers"][0]["image"] = 7
    found["spec"]["podFailurePolicy"]["rules"][0].pop("action")
    faults = find_faults(found, schema, schema)
    assert [fault.split()[0] for fault in sorted(faults)] == [
        ".spec.backofLimit",
        ".spec.podFailurePolicy.rules[0].action",
        ".spec.template.spec.containers[0].image",
    ]
    schemas = read_schema("skypilot-0.14.1.json")
    task = show("skypilot", plan())
    wrong = {**task, "ressources": {}, "envs": {"1A": "x"}}
    assert len(find_faults(wrong, schemas["task"], schemas["task"])) == 2
    wrong = {**task["resources"], "job_recovery": {"max_restarts_on_errors": -1}}
    assert len(find_faults(wrong, schemas["resources"], schemas["resources"])) == 1


def test_each_pod_of_a_sweep_runs_the_very_words_of_its_training(tmp_path: Path) -> None:
    pod = show("kubernetes", plan(count=12))["spec"]["template"]["spec"]
    for step in (*pod["initContainers"], *pod["containers"]):
        (said,) = run_script(step["command"], tmp_path, JOB_COMPLETION_INDEX="11")
        assert (
            said
            == {
                "train": ["train", "projects/p", "KEY", ODD, "--run", "s-11"],
                "evaluate": ["evaluate", "projects/p/runs/s-11"],
            }[step["name"]]
        )
    with pytest.raises(subprocess.CalledProcessError) as refused:
        run_script(pod["containers"][0]["command"], tmp_path, JOB_COMPLETION_INDEX="12")
    assert refused.value.returncode == 2


def test_a_task_runs_a_training_and_then_what_follows_it(tmp_path: Path) -> None:
    script = show("skypilot", plan(count=2, limit=60.0))["run"].replace("cd /workspace", f"cd {tmp_path}")
    assert run_script(["bash", "-c", script], tmp_path, TRIAL="1") == [
        ["train", "projects/p", "KEY", ODD, "--run", "s-1"],
        ["evaluate", "projects/p/runs/s-1"],
    ]


def test_pods_of_a_sweep_are_counted_tried_again_and_limited(tmp_path: Path) -> None:
    spec = show("kubernetes", plan(count=3, limit=90.5, gpus=1, cores=4), memory="16Gi", parallel="2")["spec"]
    assert (spec["completions"], spec["parallelism"], spec["backoffLimitPerIndex"]) == (3, 2, 1)
    pod = spec["template"]["spec"]
    assert (pod["restartPolicy"], pod["activeDeadlineSeconds"]) == ("Never", 91)
    (train,), (evaluate,) = pod["initContainers"], pod["containers"]
    assert train["resources"] == {
        "requests": {"cpu": "4", "memory": "16Gi"},
        "limits": {"memory": "16Gi", "nvidia.com/gpu": "1"},
    }
    assert "nvidia.com/gpu" not in evaluate["resources"]["limits"]


def test_a_name_is_one_that_a_cluster_takes() -> None:
    assert name_object("Süße Sweep_1") == "workbench-s-e-sweep-1"
    assert len(name_object("x" * 100)) <= 52
    assert name_object("a" * 41 + "-" * 20) == "workbench-" + "a" * 41


@pytest.mark.parametrize(
    ("kind", "told", "words"),
    [
        ("kubernets", {}, 'did you mean "kubernetes"'),
        ("kubernetes", {"imge": "x"}, 'did you mean "image"'),
        ("kubernetes", {"parallel": "many"}, "must be a number"),
        ("skypilot", {}, "accelerators: must be said with --gpus"),
        ("skypilot", {"accelerators": "L4", "spot": "maybe"}, "must be yes or no"),
        ("skypilot", {"accelerators": "L4", "memory": "16Gi"}, "must be a number of GB"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(kind: str, told: dict[str, str], words: str) -> None:
    with pytest.raises(JobError, match=words):
        show(kind, plan(gpus=1), **told)


def test_more_trainings_than_a_program_can_be_told_of_are_refused() -> None:
    with pytest.raises(JobError, match="launch them in several sweeps"):
        show("kubernetes", plan(count=2000))


def test_a_path_that_the_cluster_would_not_see_is_refused(tmp_path: Path) -> None:
    weights = tmp_path / "weights.pth"
    weights.touch()
    job = Job(command=(*PROGRAM, "train", "p", "--weights", str(weights)), place="/")
    with pytest.raises(JobError, match="must lie below"):
        relocate([(job,)], ROOT)
    (chain,) = relocate([(job,)], tmp_path)
    assert chain[0].command == ("workbench", "train", "p", "--weights", "weights.pth")
