"""FiftyOne on a database of ours: found, started and checked before FiftyOne itself would stumble over it.

The database is called `workbench`, whatever the person's own FiftyOne uses, and FiftyOne reports to nobody. With
FIFTYONE_DATABASE_URI it lies on a server of the person's own, else on our own mongod (see mongod.py).
"""

import atexit
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from workbench.doctor.programs import find_mongod
from workbench.errors import MissingExtra
from workbench.extras import find_install_command, require
from workbench.review.mongod import Server, find_folder, is_alive, join, leave
from workbench.review.trouble import FOLDER, ReviewError, explain_log

NAME = "workbench"
URI = "FIFTYONE_DATABASE_URI"
PLUGINS = Path(__file__).parent / "plugin"
_OWN = "_WORKBENCH_DATABASE_URI"  # ours, told to the App's server and to plugins, which are children
_JOINED: dict[Path, Server] = {}  # by this process
_OPTIONS = "directConnection=true&journal=true&serverSelectionTimeoutMS=4000"  # a kill loses nothing that was written
_WAIT = 4000  # ms in which a server must answer
_SWITCHED_OFF = {
    "FIFTYONE_DO_NOT_TRACK": "true",
    "FIFTYONE_DATABASE_VALIDATION": "false",  # mongod 6 works; FiftyOne would warn at every start
    "FIFTYONE_DATABASE_NAME": NAME,
    "FIFTYONE_DEFAULT_APP_ADDRESS": "127.0.0.1",
    "FIFTYONE_SHOW_PROGRESS_BARS": "false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """FiftyOne, connected; `fo` is the package, `connection` pymongo's database."""

    fo: Any
    connection: Any
    uri: str
    folder: Path | None  # of our own mongod

    def load(self, name: str) -> Any:
        """A module of FiftyOne that it does not bring by itself."""
        return import_module(f"fiftyone.{name}")

    def find_samples(self, dataset: Any) -> Any:
        """The collection that holds a dataset's samples, for many documents at once."""
        document = self.connection.datasets.find_one({"name": dataset.name}, {"sample_collection_name": 1})
        return self.connection[document["sample_collection_name"]]


@contextmanager
def open_database() -> Iterator[Database]:
    """Connect, and turn what the database refuses meanwhile into words with a command that mends it."""
    _require_fiftyone()
    uri, folder = _find_server()
    from pymongo.errors import PyMongoError

    try:
        _check_server(uri)
        fo = _import_fiftyone(uri)
        yield Database(fo=fo, connection=fo.core.odm.get_db_conn(), uri=uri, folder=folder)
    except PyMongoError as error:
        raise _explain(error, uri, folder) from error


def _require_fiftyone() -> None:
    """Without importing it: that alone would start a server that is not ours."""
    try:
        metadata.version("fiftyone")
    except metadata.PackageNotFoundError:
        try:
            require("fiftyone", extra="review")
        except (
            MissingExtra
        ) as error:  # as all that lacks here, it ends with the code of a service that is down
            raise ReviewError(str(error)) from error


def _find_server() -> tuple[str, Path | None]:
    """Address of the person's own server, or of ours."""
    named = os.environ.get(URI)
    if named and named != os.environ.get(_OWN):
        return named, None
    program, folder = find_mongod(), find_folder()
    if program is None:
        mend = find_install_command("review", "mongod")
        raise ReviewError(
            f"mongod must be there for FiftyOne, but is not; run: {mend} (or set {URI} to a server of your own)"
        )
    server = _JOINED.get(folder)
    if server is None or not is_alive(server):
        server, client = join(folder, program)
        _JOINED[folder] = server
        atexit.register(leave, folder, client)  # before FiftyOne's own, so that it runs after them
    uri = f"mongodb://127.0.0.1:{server.port}/?{_OPTIONS}"
    os.environ[URI] = os.environ[_OWN] = uri
    return uri, folder


def _check_server(uri: str) -> None:
    """Ask in our own words first: FiftyOne would wait half a minute, and then end in a traceback."""
    from pymongo import MongoClient
    from pymongo.errors import ConfigurationError, InvalidURI

    try:
        client: MongoClient[dict[str, Any]] = MongoClient(uri, serverSelectionTimeoutMS=_WAIT)
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise ReviewError(
            f"{URI}: must be the address of a mongod, but is not ({error}); correct it"
        ) from error
    with client:
        version = str(client.server_info()["version"])
        if int(version.split(".")[0]) < 6:
            raise ReviewError(
                f"{uri}: must be a mongod of version 6 or newer, but is {version}; install a newer one, or unset {URI}"
            )
        said = client[NAME].config.find_one() or {}
    if said.get("type") not in (None, "fiftyone"):
        raise ReviewError(
            f"{uri}: the database {NAME} must be FiftyOne's, but belongs to {said['type']!r}; unset {URI}"
        )
    _check_version(said.get("version"), uri)


def _check_version(written: object, uri: str) -> None:
    """A newer FiftyOne may have written what this one cannot read."""
    from packaging.version import InvalidVersion, Version

    here = metadata.version("fiftyone")
    try:
        newer = written is not None and Version(str(written)).major > Version(here).major
    except InvalidVersion:
        newer = True
    if newer:
        mend = f"{sys.executable} -m pip install 'fiftyone>={written}'"
        raise ReviewError(
            f"{uri}: the database must be of FiftyOne {here} or older, but was written by {written}; run: {mend} "
            f"(or set {FOLDER} to an empty folder)"
        )


def _import_fiftyone(uri: str) -> Any:
    """Import it with our settings; where it is there already (a plugin, a notebook), it is pointed at our database."""
    for key, value in _SWITCHED_OFF.items():
        os.environ[key] = value
    os.environ.setdefault("FIFTYONE_PLUGINS_DIR", str(PLUGINS))
    known = sys.modules.get("fiftyone")
    if known is None:
        fo = require("fiftyone", extra="review")
    else:
        fo = known
        if (fo.config.database_uri, fo.config.database_name) != (uri, NAME):
            fo.config.database_uri, fo.config.database_name = uri, NAME
            fo.core.odm.database._disconnect()  # it connects again by itself
    fo.config.show_progress_bars = False
    return fo


def _explain(error: Exception, uri: str, folder: Path | None) -> ReviewError:
    """What the server did not take, and what to do about it."""
    from pymongo.errors import AutoReconnect, OperationFailure

    text = (str(error).splitlines() or [type(error).__name__])[0][:200]
    if (isinstance(error, OperationFailure) and error.code == 14031) or "No space left" in text:
        return ReviewError(
            f"{folder or uri}: the database must have room, but the disk is full; free some space and run it again"
        )
    if not isinstance(error, AutoReconnect):
        return ReviewError(f"{folder or uri}: the database must take what it is given, but says: {text}")
    if folder is None:
        return ReviewError(
            f"{uri}: a mongod must answer, but none does; start it, or unset {URI} to use the workbench's own"
        )
    return ReviewError(explain_log(folder))
