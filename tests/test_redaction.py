"""Secrets become ***, and ordinary words stay."""

import pytest

from workbench.redaction import redact, redact_all


@pytest.mark.parametrize(
    "text",
    [
        "https://me:hunter22@mlflow.example/api",
        "mongodb+srv://user:hunter22@host/db",
        "Authorization: Bearer hunter22hunter22",
        "WANDB_API_KEY=hunter22",
        "--api-key hunter22",
        '{"password": "hunter22"}',
        "token: hunter22",
        "url?access_key=hunter22&x=1",
    ],
)
def test_a_secret_is_hidden(text):
    assert "hunter22" not in redact(text)
    assert "***" in redact(text)


def test_a_value_that_the_environment_calls_secret_is_hidden_wherever_it_stands(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "0123456789abcdef")
    assert redact("login 0123456789abcdef failed") == "login *** failed"


@pytest.mark.parametrize(
    "text",
    [
        "workbench train projects/balloons --steps 300 SOLVER.BASE_LR 0.01",
        "https://host/path@2x.png",
        "git commit aab888f0123456789abcdef",
        "loss 0.5 at step 3",
    ],
)
def test_other_words_stay(text):
    assert redact(text) == text


def test_a_whole_document_is_searched():
    raw = {
        "a": ["https://me:pw1234@x/", 3],
        "api_key": "zzz",
        "settings": {"token": "t", "keep": 2, "tokens": 5},
    }
    assert redact_all(raw) == {
        "a": ["https://***@x/", 3],
        "api_key": "***",
        "settings": {"token": "***", "keep": 2, "tokens": 5},
    }
