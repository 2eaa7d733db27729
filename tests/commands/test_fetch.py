"""`workbench fetch`, against real servers on this machine."""

import hashlib
import io
import json
import ssl
import subprocess
import tarfile
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import workbench.fetching.download
from tests.importing.sources import put
from tests.importing.test_via import SQUARE, entry
from workbench.cli import main
from workbench.commands import fetch as verb
from workbench.errors import DatasetError
from workbench.fetching.archives import unpack
from workbench.fetching.public_sets import PUBLIC_SETS, PublicSet
from workbench.formats.labelme import read_annotation

Answer = Callable[[BaseHTTPRequestHandler], None]


class Home:
    """A server that answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str | None]] = []
        home = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                home.asked.append((self.path, self.headers.get("Range")))
                home.answers[self.path](self)

            def log_message(self, *_words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def url(self, path: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.server.server_port}{path}"


@pytest.fixture
def home(monkeypatch) -> Iterator[Home]:
    monkeypatch.setattr(workbench.fetching.download, "WAIT_SECONDS", 0)
    made = Home()
    made.thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def send(
    handler: BaseHTTPRequestHandler,
    content: bytes,
    *,
    code: int = 200,
    cut: int | None = None,
    **headers: str,
) -> None:
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[:cut])


def redirect(handler: BaseHTTPRequestHandler, to: str) -> None:
    send(handler, b"", code=302, Location=to)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return put(tmp_path / "content", {"train/via.json": {"k": entry((SQUARE, {}))}, "train/a.jpg": (40, 30)})


def pack(content: Path, prefix: str = "repo-abc/") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(f"{prefix}README.md", "hello")
        for path in sorted(path for path in content.rglob("*") if path.is_file()):
            archive.write(path, prefix + path.relative_to(content).as_posix())
    return stream.getvalue()


def make_row(content: Path, url: str = "https://127.0.0.1/x.zip", **more) -> PublicSet:
    files = [path for path in content.rglob("*") if path.is_file()]
    manifest = {
        path.relative_to(content).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    plain = {
        "title": "t",
        "homepage": "h",
        "licence": "l",
        "bytes": 1,
        "format": "via",
        "labels": ("balloon",),
    }
    return PublicSet(**{"name": "test", "url": url, "manifest": manifest, **plain, **more})


def fetch(monkeypatch, capsys, row: PublicSet, *words: object) -> tuple[int, str, str]:
    monkeypatch.setitem(PUBLIC_SETS, "test", lambda: row)
    code = main(["fetch", "test", *map(str, words)])
    return code, *capsys.readouterr()


def test_a_set_is_downloaded_verified_and_imported(
    tmp_path: Path, home: Home, content: Path, monkeypatch, capsys
):
    home.answers["/x.zip"] = partial(send, content=pack(content))
    row = make_row(content, home.url("/x.zip"))
    code, out, err = fetch(monkeypatch, capsys, row, "--out", tmp_path / "out", "--yes", "--json")
    report = json.loads(out)
    assert (code, report["images"], report["shapes"], report["labels"], report["verified"]) == (
        0,
        1,
        1,
        ["balloon"],
        2,
    )
    assert read_annotation(tmp_path / "out" / "train" / "a.json").shapes[0].label == "balloon"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["content", "out"]
    assert [line.split()[0] for line in err.splitlines()] == [
        "test",
        "home",
        "licence",
        "from",
        "size",
        "checksum",
    ]


def test_without_yes_or_a_terminal_nothing_is_fetched(
    tmp_path: Path, home: Home, content: Path, monkeypatch, capsys
):
    code, _, err = fetch(
        monkeypatch, capsys, make_row(content, home.url("/x.zip")), "--out", tmp_path / "out"
    )
    assert (code, home.asked) == (2, [])
    assert "add --yes" in err


@pytest.mark.parametrize(("typed", "goes_on"), [("y\n", True), ("\n", False), ("no\n", False)])
def test_a_person_at_a_terminal_is_asked(monkeypatch, typed: str, goes_on: bool):
    terminal = io.StringIO(typed)
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", terminal)
    assert verb.confirm() is goes_on


def test_a_download_that_breaks_off_goes_on_where_it_stopped(
    tmp_path: Path, home: Home, content: Path, monkeypatch, capsys
):
    whole = pack(content)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        if asked is None:
            send(handler, whole, cut=100)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        send(handler, whole[start:], code=206, Content_Range=f"bytes {start}-{len(whole) - 1}/{len(whole)}")

    home.answers["/x.zip"] = answer
    code, *_ = fetch(
        monkeypatch, capsys, make_row(content, home.url("/x.zip")), "--out", tmp_path / "out", "--yes"
    )
    assert (code, home.asked) == (0, [("/x.zip", None), ("/x.zip", "bytes=100-")])


def test_a_server_that_cannot_resume_sends_all_again(
    tmp_path: Path, home: Home, content: Path, monkeypatch, capsys
):
    whole, cuts = pack(content), [50, None]
    home.answers["/x.zip"] = lambda handler: send(handler, whole, cut=cuts.pop(0))
    code, *_ = fetch(
        monkeypatch, capsys, make_row(content, home.url("/x.zip")), "--out", tmp_path / "out", "--yes"
    )
    assert (code, len(home.asked)) == (0, 2)


def test_a_part_that_does_not_fit_is_thrown_away(
    tmp_path: Path, home: Home, content: Path, monkeypatch, capsys
):
    whole = pack(content)
    part = put(tmp_path / ".out.fetch", {"x.zip.part": b"x" * (len(whole) + 5)}) / "x.zip.part"
    home.answers["/x.zip"] = lambda handler: send(
        handler,
        b"" if handler.headers.get("Range") else whole,
        code=416 if handler.headers.get("Range") else 200,
    )
    code, *_ = fetch(
        monkeypatch, capsys, make_row(content, home.url("/x.zip")), "--out", tmp_path / "out", "--yes"
    )
    assert (code, part.exists()) == (0, False)


@pytest.mark.parametrize(("status", "knocks"), [(404, 1), (503, 4)])
def test_a_server_that_refuses_is_69_in_one_line(
    tmp_path: Path, home: Home, content: Path, monkeypatch, capsys, status, knocks
):
    home.answers["/x.zip"] = partial(send, content=b"", code=status)
    row = make_row(content, home.url("/x.zip"))
    code, out, err = fetch(monkeypatch, capsys, row, "--out", tmp_path / "out", "--yes")
    assert (code, out, len(home.asked)) == (69, "", knocks)
    assert str(status) in err.splitlines()[-1]


def test_a_home_that_is_down_is_69(tmp_path: Path, content: Path, monkeypatch, capsys):
    monkeypatch.setattr(workbench.fetching.download, "WAIT_SECONDS", 0)
    code, _, err = fetch(
        monkeypatch, capsys, make_row(content, "http://127.0.0.1:9/x.zip"), "--out", tmp_path / "o", "--yes"
    )
    assert code == 69
    assert "use --from" in err


@pytest.mark.parametrize(
    "to", ["http://example.org/x.zip", "file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"]
)
def test_a_redirect_to_anything_but_https_is_refused(
    tmp_path: Path, home: Home, content: Path, monkeypatch, capsys, to: str
):
    home.answers["/x.zip"] = partial(redirect, to=to)
    code, _, err = fetch(
        monkeypatch, capsys, make_row(content, home.url("/x.zip")), "--out", tmp_path / "out", "--yes"
    )
    assert code == 69
    assert "must be https" in err or "HTTP Error 302" in err or "says 302" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("url", ["http://example.org/x.zip", "ftp://example.org/x.zip", "file:///etc/passwd"])
def test_an_address_must_be_https(tmp_path: Path, content: Path, monkeypatch, capsys, url: str):
    assert fetch(monkeypatch, capsys, make_row(content, url), "--out", tmp_path / "out", "--yes")[0] == 69


def test_a_file_that_never_ends_is_thrown_away(
    tmp_path: Path, home: Home, content: Path, monkeypatch, capsys
):
    home.answers["/x.zip"] = partial(send, content=b"x" * 3_000_000)
    row = make_row(content, home.url("/x.zip"), largest=1_000_000)
    code, _, err = fetch(monkeypatch, capsys, row, "--out", tmp_path / "out", "--yes")
    assert code == 69
    assert "must be at most 1000000 bytes" in err


def test_other_content_is_refused_and_not_kept(
    tmp_path: Path, home: Home, content: Path, monkeypatch, capsys
):
    row = make_row(content, home.url("/x.zip"))
    put(content, {"train/a.jpg": (41, 30)})
    home.answers["/x.zip"] = partial(send, content=pack(content))
    code, _, err = fetch(monkeypatch, capsys, row, "--out", tmp_path / "out", "--yes")
    assert code == 65
    assert "1 are not or differ (first train/a.jpg)" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["content"]


def test_a_known_checksum_must_match(tmp_path: Path, home: Home, content: Path, monkeypatch, capsys):
    home.answers["/x.zip"] = partial(send, content=pack(content))
    for sha256, expected in (("0" * 64, 65), (hashlib.sha256(pack(content)).hexdigest(), 0)):
        row = make_row(content, home.url("/x.zip"), sha256=sha256)
        assert fetch(monkeypatch, capsys, row, "--out", tmp_path / "out", "--yes")[0] == expected


def test_https_is_spoken_and_the_certificate_is_checked(
    tmp_path: Path, home: Home, content: Path, monkeypatch, capsys
):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl cannot make a certificate here")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    home.server.socket = context.wrap_socket(home.server.socket, server_side=True)
    home.answers["/x.zip"] = partial(send, content=pack(content))
    row = make_row(content, home.url("/x.zip", "https"))
    code, _, err = fetch(monkeypatch, capsys, row, "--out", tmp_path / "out", "--yes")
    assert code == 69
    assert "must prove who it is" in err
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert fetch(monkeypatch, capsys, row, "--out", tmp_path / "out", "--yes")[0] == 0


@pytest.mark.parametrize("as_archive", [True, False])
def test_a_copy_needs_no_network_and_no_answer(
    tmp_path: Path, content: Path, monkeypatch, capsys, as_archive: bool
):
    copy = put(tmp_path, {"copy.zip": pack(content)}) / "copy.zip" if as_archive else content
    code, out, _ = fetch(monkeypatch, capsys, make_row(content), "--from", copy, "--out", tmp_path / "out")
    assert (code, out.startswith("1 images, 1 shapes of 1 classes")) == (0, True)


def test_a_copy_is_never_written_into(tmp_path: Path, content: Path, monkeypatch, capsys):
    assert fetch(monkeypatch, capsys, make_row(content), "--from", content, "--out", content / "out")[0] == 73
    assert (
        fetch(monkeypatch, capsys, make_row(content), "--from", tmp_path / "none", "--out", tmp_path / "out")[
            0
        ]
        == 66
    )


def test_a_labelme_set_keeps_its_bytes(tmp_path: Path, monkeypatch, capsys):
    files = {"a.json": {"shapes": [], "imagePath": "a.jpg", "imageData": None}, "a.jpg": (40, 30)}
    content = put(tmp_path / "content", files)
    row = make_row(content, format="labelme", neighbours=True)
    put(content, {"b.json": files["a.json"], "b.jpg": (40, 30), "lonely.json": files["a.json"]})
    code, out, _ = fetch(monkeypatch, capsys, row, "--from", content, "--out", tmp_path / "out", "--json")
    assert (code, json.loads(out)["images"], json.loads(out)["noted"]) == (0, 2, {"no-checksum": 2})
    assert (tmp_path / "out" / "a.json").read_bytes() == (content / "a.json").read_bytes()


@pytest.mark.parametrize("name", ["balloons", "chipsets", "faces"])
def test_the_rows_are_complete(name: str):
    row = PUBLIC_SETS[name]()
    assert row.name == name
    assert row.url.startswith("https://github.com/")
    assert row.manifest
    assert all(len(value) == 64 and not key.startswith("/") for key, value in row.manifest.items())


@pytest.mark.parametrize(
    ("name", "folder", "images", "shapes"),
    [
        ("balloons", "balloon", 74, 305),
        ("chipsets", "chipset_mcu", 123, 150),
        ("faces", "faces_maskwearing_full", 134, 857),
    ],
)
def test_the_real_sets_are_what_their_rows_say(
    tmp_path: Path, shared: Path, capsys, name, folder, images, shapes
):
    code = main(["fetch", name, "--from", str(shared / folder), "--out", str(tmp_path / "out"), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert (code, report["images"], report["shapes"]) == (0, images, shapes)


def zipped(*names: str, mode: int = 0o100644, content: bytes = b"x") -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # two entries of one name are meant
        for name in names:
            info = zipfile.ZipInfo("placeholder")
            info.filename, info.external_attr, info.compress_type = name, mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return stream.getvalue()


def tarred(
    name: str,
    kind: bytes = tarfile.REGTYPE,
    how: str = "w:gz",
    content: bytes = b"x",
    link: str = "/etc/passwd",
) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=how) as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.size = kind, link, len(content) if kind == tarfile.REGTYPE else 0
        archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


BAD_NAMES = (
    "../x",
    "a/../../x",
    "/etc/x",
    "C:\\x",
    "a\\..\\x",
    "a//x",
    "a/./../x",
    "x\n",
    "~/x",
    "\u202ex",
    "",
)
BAD = {
    **{f"zip {name!r}": zipped(name) for name in BAD_NAMES if name},
    **{f"tar {name!r}": tarred(name) for name in BAD_NAMES if name},
    "zip link": zipped("a", mode=0o120777),
    "zip device": zipped("a", mode=0o020644),
    "zip twice": zipped("a", "a"),
    "zip file as folder": zipped("a", "a/b"),
    "zip bomb": zipped("a", content=bytes(80_000_000)),
    "tar link": tarred("a", tarfile.SYMTYPE),
    "tar hard link": tarred("a", tarfile.LNKTYPE),
    "tar device": tarred("a", tarfile.CHRTYPE),
    "tar fifo": tarred("a", tarfile.FIFOTYPE),
    "tar bomb": tarred("a", content=bytes(80_000_000)),
    "xz bomb": tarred("a", how="w:xz", content=bytes(80_000_000)),
    "torn zip": zipped("a")[:-30],
    "torn tar": tarred("a", content=bytes(range(256)) * 99)[:-30],
    "no archive": b"hello",
    "empty": b"",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_archive_is_refused_and_nothing_leaves_the_folder(tmp_path: Path, name: str):
    path = put(tmp_path, {"x.bin": BAD[name]}) / "x.bin"
    out = tmp_path / "inner" / "out"
    out.mkdir(parents=True)
    odd = any(word in name for word in ("link", "device", "fifo"))
    with pytest.raises(DatasetError, match="holds a link or a device" if odd else "an archive must"):
        unpack(path, out)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["inner", "x.bin"]
    assert [one.name for one in (tmp_path / "inner").iterdir()] == ["out"]


@pytest.mark.parametrize("how", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_files_of_every_packing_are_read(tmp_path: Path, how: str):
    path = put(tmp_path, {"x": tarred("./a/b.txt", how=how)}) / "x"
    assert unpack(path, tmp_path / "out") == ("a/b.txt",)


def test_archives_in_archives_are_left_out(tmp_path: Path):
    path = put(tmp_path, {"x": zipped("a.txt", "b.zip", "c.tar.gz")}) / "x"
    assert unpack(path, tmp_path / "out") == ("a.txt",)
