"""One file over https, never another protocol, not even after a redirect; resumed after a break; whole or not there."""

import http.client
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from workbench.errors import SERVICE_DOWN, WorkbenchError
from workbench.files import explain_os_error

TRIES, WAIT_SECONDS, TIMEOUT_SECONDS = 4, 1.0, 30.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CHUNK = 1 << 18
_BREAKS = (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException)

Report = Callable[[int, int | None], None]  # bytes so far, bytes in all if that is known


class DownloadError(WorkbenchError):
    """A file that could not be had from its home."""

    exit_code = SERVICE_DOWN


class _Short(ConnectionError):
    """The connection ended before the file did."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects to https only."""

    def __init__(self, local: bool) -> None:
        self._local = local

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        _require_https(newurl, self._local)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(url: str, path: Path, *, largest: int, report: Report = lambda _so_far, _total: None) -> None:
    """Fetch a file, trying again where the connection breaks; what came so far is kept in `<path>.part`."""
    local = urlsplit(url).hostname in LOOPBACK
    _require_https(url, local)
    proxies = [urllib.request.ProxyHandler({})] if local else []
    opener = urllib.request.build_opener(_Redirects(local), *proxies)
    part = path.with_name(f"{path.name}.part")
    for attempt in range(TRIES):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _fetch(opener, url, part, largest, report)
            part.replace(path)
            return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink(missing_ok=True)
            elif error.code < 500:
                raise DownloadError(
                    f"{url}: must be there, but the server says {error.code} {error.reason}"
                ) from error
            reason: Exception = error
        except _BREAKS as error:
            reason = error
        except OSError as error:
            raise explain_os_error(path, error) from error
        _require_hope(url, reason)
        time.sleep(WAIT_SECONDS * attempt)
    advice = "run it again to go on where it stopped, or get the file another way and use --from"
    raise DownloadError(f"{url}: must be reachable, but is not ({_explain(reason)}); {advice}") from reason


def _require_https(url: str, local: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and local and parts.hostname in LOOPBACK):
        raise DownloadError(
            f"{url[:200]}: must be https, but is {parts.scheme or 'none'}; nothing was fetched from there"
        )


def _require_hope(url: str, reason: Exception) -> None:
    """Do not knock four times at a door with the wrong name on it."""
    inner = getattr(reason, "reason", None)
    if isinstance(inner, ssl.SSLCertVerificationError):
        raise DownloadError(
            f"{url}: must prove who it is, but does not ({inner.verify_message}); nothing was fetched"
        )


def _explain(reason: Exception) -> str:
    inner = None if isinstance(reason, urllib.error.HTTPError) else getattr(reason, "reason", None)
    return str(inner or str(reason) or type(reason).__name__)[:120]


def _fetch(opener: urllib.request.OpenerDirector, url: str, part: Path, largest: int, report: Report) -> None:
    start = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "workbench", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers=headers | ({"Range": f"bytes={start}-"} if start else {}))
    with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
        resumed = answer.status == http.HTTPStatus.PARTIAL_CONTENT and _begins(answer) == start
        if answer.status == http.HTTPStatus.PARTIAL_CONTENT and not resumed:
            part.unlink(missing_ok=True)
            raise _Short("the server answered with another part")
        start = start if resumed else 0
        length = answer.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        with part.open("ab" if resumed else "wb") as stream:
            _copy(answer, stream, start, total, largest=largest, report=report)


def _begins(answer: Any) -> int:
    """Return where a partial answer begins: `Content-Range: bytes 100-199/200`."""
    first = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdecimal() else -1


def _copy(
    answer: Any, stream: IO[bytes], start: int, total: int | None, *, largest: int, report: Report
) -> None:
    so_far = start
    while chunk := answer.read(_CHUNK):
        so_far += len(chunk)
        if so_far > largest:
            stream.truncate(0)
            raise DownloadError(
                f"{answer.url[:200]}: must be at most {largest} bytes, but is more; it was thrown away"
            )
        stream.write(chunk)
        report(so_far, total)
    if total is not None and so_far < total:
        raise _Short(f"{so_far} of {total} bytes came")
    stream.flush()
    os.fsync(stream.fileno())
