"""A file of weights gives tensors or one line of refusal; nothing in it ever runs."""

import json
import pickle
import subprocess
import sys
from collections import OrderedDict

import pytest

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")
pytest.importorskip("detectron2")

from tests.engine.models.payloads import make_payloads  # noqa: E402
from tests.tour import ROOT  # noqa: E402
from workbench.engine.models.safe_read import WeightsError, read_tensors  # noqa: E402


@pytest.mark.filterwarnings("ignore")
def test_no_payload_runs_opens_a_socket_writes_or_fills_memory(tmp_path):
    folder, marker = tmp_path / "files", tmp_path / "marker"
    folder.mkdir()
    files = dict(make_payloads(marker))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    marker.unlink(missing_ok=True)
    shown = subprocess.run(
        [sys.executable, "-m", "tests.engine.models.guard", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    verdicts = [json.loads(line) for line in shown.stdout.splitlines()]
    assert len(verdicts) == len(files) >= 40
    assert not marker.exists()
    assert [v for v in verdicts if v["verdict"] == "read" or v["events"]] == []
    assert max(v["mb"] for v in verdicts) < 300
    assert "Traceback" not in shown.stderr


def test_the_payloads_would_run_in_an_ordinary_reader(tmp_path):
    marker = tmp_path / "marker"
    content = dict(make_payloads(marker))["system_2.pkl"]
    pickle.loads(content)
    assert marker.exists()


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_the_zoo_s_own_pickles_are_read_to_the_last_bit(protocol, tmp_path):
    state = {
        "a.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b.bias": np.asfortranarray(np.ones((2, 2), np.float16)),
        "c.count": np.array(7, dtype=np.int64),
        "d.empty": np.zeros((0, 4), np.float32),
    }
    path = tmp_path / "model_final_abcdef.pkl"
    path.write_bytes(
        pickle.dumps(
            {"model": OrderedDict(state), "__author__": "zoo", "matching_heuristics": True}, protocol
        )
    )
    found = read_tensors(path)
    assert found["__author__"] == "zoo"
    assert found["matching_heuristics"] is True
    for name, array in state.items():
        assert np.array_equal(found["model"][name].numpy(), array), name


def test_a_pickle_of_python_2_is_read(tmp_path):
    """As Caffe2 wrote them: byte strings for names, and protocol 2 without an encoding."""
    blob = np.arange(4, dtype="<f4")
    text = (
        b"\x80\x02}U\x07conv1_wcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x04\x85cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x10" + blob.tobytes() + b"tbs."
    )
    path = tmp_path / "R-50.pkl"
    path.write_bytes(text)
    assert read_tensors(path)["model"]["conv1_w"].tolist() == [0, 1, 2, 3]


def test_a_folder_is_refused_with_words(tmp_path):
    (tmp_path / "dcp").mkdir()
    with pytest.raises(WeightsError, match="one file, but this is a folder"):
        read_tensors(tmp_path / "dcp")


@pytest.mark.parametrize("zipped", [True, False])
def test_torch_s_files_are_read_bare_or_under_a_name(zipped, tmp_path):
    for number, content in enumerate(({"a": torch.ones(2)}, {"state_dict": {"a": torch.ones(2)}})):
        path = tmp_path / f"{number}.pth"
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
        assert read_tensors(path)["model"]["a"].tolist() == [1, 1]
