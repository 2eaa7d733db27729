"""Checkpoints that were cut off, changed or lost are noticed, every one, and the one before is taken."""

import json
import random
import shutil

import pytest

torch = pytest.importorskip("torch")

from tests.engine.training.saving import draw_content, same  # noqa: E402
from workbench.engine.training.checkpoint import (  # noqa: E402
    POINTER,
    checkpoint_path,
    load_newest,
    save_checkpoint,
)
from workbench.engine.training.sealed import SpoiledFile  # noqa: E402
from workbench.errors import BAD_DATA  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    torch.set_num_threads(1)
    for step in (10, 20):
        save_checkpoint(tmp_path, step, draw_content(step), keep=2)
    return tmp_path


def require_fallback(folder, told: str) -> None:
    """The one before is read, with a warning; with `strict` it is an error."""
    loaded = load_newest(folder)
    assert loaded.step == 10 and same(loaded.content, draw_content(10))
    assert any(told in warning for warning in loaded.warnings), loaded.warnings
    assert all(len(warning.splitlines()) == 1 for warning in loaded.warnings)
    with pytest.raises(SpoiledFile) as error:
        load_newest(folder, strict=True)
    assert error.value.exit_code == BAD_DATA


def test_d05_two_hundred_truncations_are_all_noticed(folder):
    newest = checkpoint_path(folder, 20)
    whole = newest.read_bytes()
    lengths = sorted(random.Random(5).sample(range(1, len(whole) - 1), 198))
    for length in (0, *lengths, len(whole) - 1):
        newest.write_bytes(whole[:length])
        require_fallback(folder, f"must have {len(whole)} bytes, but has {length}")
    newest.write_bytes(whole)
    assert load_newest(folder, strict=True).step == 20


def test_d05_a_thousand_flipped_bits_are_all_noticed(folder):
    newest = checkpoint_path(folder, 20)
    whole, chance = newest.read_bytes(), random.Random(5)
    for bit in chance.sample(range(len(whole) * 8), 1000):
        spoiled = bytearray(whole)
        spoiled[bit // 8] ^= 1 << bit % 8
        newest.write_bytes(spoiled)
        require_fallback(folder, "bytes were changed")


def test_torch_itself_does_not_notice_most_of_them(folder):
    """Why there is a manifest: the same flips, read without it."""
    newest = checkpoint_path(folder, 20)
    whole, chance, unnoticed = newest.read_bytes(), random.Random(5), 0
    for bit in chance.sample(range(len(whole) * 8), 100):
        spoiled = bytearray(whole)
        spoiled[bit // 8] ^= 1 << bit % 8
        newest.write_bytes(spoiled)
        try:
            torch.load(newest, weights_only=True)
            unnoticed += 1
        except Exception:  # noqa: BLE001
            continue
    assert unnoticed > 50


def test_bytes_that_were_added_or_exchanged_are_noticed(folder):
    newest = checkpoint_path(folder, 20)
    whole = newest.read_bytes()
    newest.write_bytes(whole + b"\0")
    require_fallback(folder, "bytes")
    newest.write_bytes(bytes(len(whole)))
    require_fallback(folder, "bytes were changed")


def test_a_flipped_bit_in_the_manifest_is_noticed_or_changes_nothing(folder):
    manifest = checkpoint_path(folder, 20).with_suffix(".json")
    whole, chance, noticed = manifest.read_bytes(), random.Random(5), 0
    for bit in chance.sample(range(len(whole) * 8), 400):
        spoiled = bytearray(whole)
        spoiled[bit // 8] ^= 1 << bit % 8
        manifest.write_bytes(spoiled)
        loaded = load_newest(folder)
        noticed += bool(loaded.warnings)
        assert (loaded.step == 10) == bool(loaded.warnings)
        assert same(loaded.content, draw_content(loaded.step))
    assert noticed > 200


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "\ud800", "9" * 5000),
        *('{"versions": []}', '{"versions": 3}', '{"versions": ["x"]}', '{"versions": {}}'),
        *('{"versions": [{"sha256": 1, "size": 2}]}', '{"versions": [{"sha256": "x"}]}'),
    ],
)
def test_a_manifest_of_nonsense_counts_as_spoiled(text, folder):
    checkpoint_path(folder, 20).with_suffix(".json").write_bytes(text.encode(errors="surrogatepass"))
    require_fallback(folder, "step-00000020.json: must say what step-00000020.pth holds")


def test_a_manifest_that_is_not_there_counts_as_spoiled(folder):
    checkpoint_path(folder, 20).with_suffix(".json").unlink()
    require_fallback(folder, "it is not there")


def test_a_checkpoint_that_is_not_there_is_told(folder):
    checkpoint_path(folder, 20).unlink()
    require_fallback(folder, "must name a checkpoint that is there, but step-00000020.pth is not")


def test_a_checkpoint_under_another_ones_name_is_not_taken_for_it(folder):
    for ending in (".pth", ".json"):
        shutil.copy(folder / f"step-00000010{ending}", folder / f"step-00000020{ending}")
    require_fallback(folder, "must be the checkpoint of step 20")


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "3", "{}", "\0\0", '{"file": 3}', '{"file": null}', '{"file": ""}'),
        *('{"file": "../step-00000010.pth"}', '{"file": "/etc/passwd"}', '{"file": "last.json"}'),
    ],
)
def test_a_spoiled_pointer_is_told_and_the_newest_taken(text, folder):
    (folder / POINTER).write_text(text)
    loaded = load_newest(folder)
    assert (loaded.step, len(loaded.warnings)) == (20, 1)
    assert loaded.warnings[0].startswith(f"{folder / POINTER}: must name")
    with pytest.raises(SpoiledFile):
        load_newest(folder, strict=True)


def test_a_pointer_that_is_not_there_is_told_and_the_newest_taken(folder):
    (folder / POINTER).unlink()
    assert (load_newest(folder).step, len(load_newest(folder).warnings)) == (20, 1)
    with pytest.raises(SpoiledFile):
        load_newest(folder, strict=True)


def test_a_pointer_to_nowhere_is_told_and_the_newest_taken(folder):
    (folder / POINTER).write_text(json.dumps({"file": "step-00000099.pth", "step": 99}))
    loaded = load_newest(folder)
    assert loaded.step == 20 and "step-00000099.pth is not" in loaded.warnings[0]


def test_a_run_with_no_whole_checkpoint_is_not_begun_anew_in_silence(folder):
    for step in (10, 20):
        checkpoint_path(folder, step).write_bytes(b"")
    with pytest.raises(SpoiledFile) as error:
        load_newest(folder)
    assert error.value.exit_code == BAD_DATA


def test_a_pickle_that_runs_code_is_not_read_even_with_a_manifest_that_fits(folder, tmp_path_factory):
    """Whoever writes the file can write its manifest: that is against rot, and weights_only against people."""
    import hashlib

    marker = tmp_path_factory.mktemp("marker") / "ran"
    newest = checkpoint_path(folder, 20)

    class Payload:
        def __reduce__(self):
            return (open, (str(marker), "w"))

    torch.save({"step": 20, "content": Payload()}, newest)
    digest = hashlib.sha256(newest.read_bytes()).hexdigest()
    seal = {"sha256": digest, "size": newest.stat().st_size, "torch": "2.0"}
    newest.with_suffix(".json").write_text(json.dumps({"versions": [seal]}))
    require_fallback(folder, "must be readable by torch")
    assert not marker.exists()


def test_what_a_killed_save_left_is_swept(folder):
    import subprocess

    dead = subprocess.Popen(["true"])
    dead.wait()
    for name in ("step-00000030.pth", "step-00000030.json", "last.json"):
        (folder / f".{name}.{dead.pid}.workbench.tmp").write_bytes(b"half")
    assert load_newest(folder, strict=True).step == 20
    assert not list(folder.glob(".*"))
