"""The database: shared, stopped by the last, and every refusal in words with what mends it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.doctor.programs import find_mongod
from workbench.errors import SERVICE_DOWN
from workbench.review import session
from workbench.review.mongod import Server, is_alive, join, leave
from workbench.review.trouble import ReviewError

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys
from workbench.errors import WorkbenchError
from workbench.review.session import open_database

try:
    with open_database() as database:
        {}
except WorkbenchError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def folder(database_folder, tmp_path):
    return tmp_path / "database"


def begin(folder, lines, **more):
    """A process of its own, with this database."""
    code = SCRIPT.format("\n        ".join(lines))
    clean = {key: value for key, value in os.environ.items() if "FIFTYONE" not in key}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**clean, "WORKBENCH_DATABASE": str(folder), **more},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def read_server(folder):
    said = json.loads((folder / "server.json").read_text())
    return Server(port=said["port"], process=said["process"])


@contextmanager
def serving(data, *more):
    """A mongod that is not the workbench's."""
    data.mkdir(parents=True)
    log = data.parent / "theirs.log"
    process = subprocess.Popen(
        [str(find_mongod()), "--dbpath", str(data), "--port", "0", "--bind_ip", "127.0.0.1", "--nounixsocket",
         "--logpath", str(log), *more], stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        while "Waiting for connections" not in (log.read_text() if log.exists() else ""):
            assert process.poll() is None
            time.sleep(0.05)
        line = next(row for row in log.read_text().splitlines() if "Waiting for connections" in row)
        yield process, json.loads(line)["attr"]["port"]
    finally:
        process.kill()
        process.wait()


def test_the_server_is_shared_and_the_last_one_stops_it(folder):
    program = find_mongod()
    first, one = join(folder, program)
    second, other = join(folder, program)
    assert first == second and is_alive(first)
    leave(folder, one)
    assert is_alive(first)
    leave(folder, other)
    assert not is_alive(first) and not (folder / "server.json").exists()


def test_a_server_that_was_killed_is_started_again_with_what_it_held(folder):
    from pymongo import MongoClient

    program = find_mongod()
    server, client = join(folder, program)
    with MongoClient(port=server.port, journal=True) as mongo:
        mongo.mine.things.insert_one({"_id": 1})
    os.kill(server.process, signal.SIGKILL)
    os.waitpid(server.process, 0)
    assert (folder / "data" / "mongod.lock").read_text().strip() == str(server.process)  # stale
    again, more = join(folder, program)
    with MongoClient(port=again.port) as mongo:
        assert mongo.mine.things.count_documents({}) == 1
    leave(folder, client)
    leave(folder, more)
    assert not is_alive(again)


def test_it_listens_on_the_loopback_only(folder):
    server, client = join(folder, find_mongod())
    try:
        listening = [
            row.split()[1]
            for table in ("tcp", "tcp6")
            for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
            if row.split()[3] == "0A"
        ]
        own = [place for place in listening if int(place.rpartition(":")[2], 16) == server.port]
        assert own == [f"0100007F:{server.port:04X}"]
        assert (folder.stat().st_mode & 0o77) == 0
    finally:
        leave(folder, client)


def test_a_folder_that_another_mongod_works_on_is_said_with_its_number(folder):
    with serving(folder / "data") as (process, _):
        with pytest.raises(ReviewError, match=rf"kill {process.pid}") as error:
            join(folder, find_mongod())
        assert error.value.exit_code == SERVICE_DOWN and "WORKBENCH_DATABASE" in str(error.value)


def test_a_folder_that_cannot_be_made_is_said(tmp_path, monkeypatch, database_folder):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReviewError, match="WORKBENCH_DATABASE") as error:
        join(tmp_path / "file" / "below", find_mongod())
    assert error.value.exit_code == SERVICE_DOWN


def test_files_that_are_no_database_are_said(folder):
    data = folder / "data"
    data.mkdir(parents=True)
    (data / "WiredTiger").write_bytes(b"no database")
    (data / "WiredTiger.turtle").write_bytes(b"nor this")
    (data / "storage.bson").write_bytes(b"\x00" * 40)
    with pytest.raises(ReviewError) as error:
        join(folder, find_mongod())
    assert str(folder) in str(error.value) and error.value.exit_code == SERVICE_DOWN


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount a small disk"
)
def test_a_full_disk_is_said(folder):
    folder.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        lines = ["import os", "things = database.connection.things",
                 "for _ in range(200): things.insert_one({'a': os.urandom(1 << 20)})"]  # fmt: skip
        code, _, err = finish(begin(folder, lines))
        assert code == SERVICE_DOWN and "the disk is full" in err and "Traceback" not in err, err
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_without_mongod_the_command_that_installs_it_is_named(monkeypatch, capsys, tmp_path):
    pytest.importorskip("fiftyone")
    monkeypatch.delenv("FIFTYONE_DATABASE_URI", raising=False)
    monkeypatch.setattr(session, "find_mongod", lambda: None)
    assert main(["explore", "balloons", "--no-app"]) == SERVICE_DOWN
    said = capsys.readouterr().err
    assert "install" in said and said.count("\n") == 1


def test_a_server_of_ones_own_that_does_not_answer_is_said(monkeypatch, capsys):
    pytest.importorskip("fiftyone")
    monkeypatch.setattr(session, "_WAIT", 300)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("FIFTYONE_DATABASE_URI", f"mongodb://127.0.0.1:{silent.getsockname()[1]}")
        assert main(["explore", "balloons", "--no-app"]) == SERVICE_DOWN
    assert "FIFTYONE_DATABASE_URI" in capsys.readouterr().err
    monkeypatch.setenv("FIFTYONE_DATABASE_URI", "http://127.0.0.1")
    assert main(["explore", "balloons", "--no-app"]) == SERVICE_DOWN
    assert "must be the address of a mongod" in capsys.readouterr().err


def test_a_database_of_a_newer_fiftyone_or_of_somebody_else_is_left_alone(folder, monkeypatch, capsys):
    from pymongo import MongoClient

    monkeypatch.delenv("FIFTYONE_DATABASE_URI", raising=False)
    with serving(folder / "theirs") as (_, port), MongoClient(port=port) as mongo:
        monkeypatch.setenv("FIFTYONE_DATABASE_URI", f"mongodb://127.0.0.1:{port}")
        mongo.workbench.config.insert_one({"version": "99.1.0", "type": "fiftyone"})
        assert main(["explore", "balloons", "--no-app"]) == SERVICE_DOWN
        assert "pip install 'fiftyone>=99.1.0'" in capsys.readouterr().err
        mongo.workbench.config.replace_one({}, {"version": "1.0.0", "type": "enterprise"})
        assert main(["explore", "balloons", "--no-app"]) == SERVICE_DOWN
        assert "enterprise" in capsys.readouterr().err
        assert mongo.workbench.config.find_one()["type"] == "enterprise"


def test_a_server_that_dies_meanwhile_is_said_and_the_next_command_works(folder):
    lines = ["database.fo.Dataset('kept', persistent=True)", "print('ready', flush=True)", "sys.stdin.readline()",
             "database.fo.list_datasets()"]  # fmt: skip
    process = begin(folder, lines)
    assert process.stdout.readline() == "ready\n"
    os.kill(read_server(folder).process, signal.SIGKILL)
    code, _, err = finish(process)
    assert code == SERVICE_DOWN and "run it again" in err and "Traceback" not in err
    code, out, err = finish(
        begin(folder, ["print(database.fo.list_datasets(), database.fo.config.database_name)"])
    )
    assert (code, out) == (0, "['kept'] workbench\n"), err
    assert not (folder / "server.json").exists()


def test_the_app_is_refused_a_port_that_is_taken(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["explore", "balloons", "--port", str(port)]) == SERVICE_DOWN
    said = capsys.readouterr().err
    assert f"port {port}" in said and "--port" in said.split(f"port {port}")[1]


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_the_app_opens_on_the_loopback_says_why_and_ends_when_asked(faces, tmp_path, how, code):
    variables = {**os.environ, "WORKBENCH_DATABASE": str(tmp_path / "own")}
    for name in ("FIFTYONE_DATABASE_URI", "_WORKBENCH_DATABASE_URI"):
        variables.pop(name, None)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench", "review", str(faces.folder), "--port", str(port)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=variables,
    )  # fmt: skip
    try:
        said = []
        for line in iter(process.stderr.readline, ""):
            said.append(line)
            if "Ctrl-C" in line:
                break
        assert any(line.startswith(f"http://127.0.0.1:{port}/datasets/workbench-faces") for line in said)
        assert any("only this machine" in line for line in said)
        listening = [
            row.split()[1]
            for table in ("tcp", "tcp6")
            for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
            if row.split()[3] == "0A" and int(row.split()[1].rpartition(":")[2], 16) == port
        ]
        assert listening == [f"0100007F:{port:04X}"]
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
        assert process.returncode == code and "Traceback" not in err
        assert "in FiftyOne" in out
        assert not find_those_that_name(tmp_path / "own")  # its mongod has ended with it
    finally:
        process.kill()


def find_those_that_name(folder):
    """Processes with a folder on their command line."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += [place] if os.fsencode(folder) in place.read_bytes() else []
    return found
