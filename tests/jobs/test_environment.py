"""What goes with a job of the environment in which it was launched."""

from workbench.jobs.environment import choose_environment


def test_a_job_gets_what_it_needs_of_the_environment_and_no_secret() -> None:
    found = choose_environment(
        {"PATH": "/bin", "OMP_NUM_THREADS": "2", "WANDB_API_KEY": "secret", "LC_ALL": "C", "AWS_SECRET": "x"}
    )
    assert found == {"LC_ALL": "C", "OMP_NUM_THREADS": "2", "PATH": "/bin"}


def test_which_gpus_a_job_sees_is_not_its_launchers_to_say() -> None:
    assert choose_environment({"CUDA_VISIBLE_DEVICES": "0", "CUDA_HOME": "/cuda"}) == {"CUDA_HOME": "/cuda"}
