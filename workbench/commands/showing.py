"""What `explore` and `review` have in common: FiftyOne's App, or none."""

import argparse
from typing import TYPE_CHECKING, Any

from workbench.commands.output import say

if TYPE_CHECKING:
    from workbench.review.session import Database

PORT = 5151


def add_app_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where the App is shown."""
    parser.add_argument("--no-app", action="store_true", help="fill FiftyOne's database, and open nothing")
    parser.add_argument(
        "--port", type=_port, default=PORT, metavar="N", help=f"of the App; {PORT} by default"
    )


def _port(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"must be from 1 to 65535, but got {text}")
    return value


def require_app(args: argparse.Namespace) -> None:
    """Refuse a port that is taken before anything is done."""
    if not args.no_app:
        from workbench.review.app import require_port

        require_port(args.port)


def show(args: argparse.Namespace, database: "Database", dataset: Any) -> None:
    """Open the App, unless it was not wanted."""
    if args.no_app:
        return
    from workbench.review.app import show as show_app

    show_app(database, dataset, args.port, say)
