"""`leadbridge testdata`: what was sent with TestDataIndicator true, counted and wiped."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter

from leadbridge.cli.complaint import Complaint
from leadbridge.cli.shared import opened, out
from leadbridge.settings import Settings
from leadbridge.store import testdata

testdata_app = App(name="testdata", help="What was sent with TestDataIndicator true: count it, wipe it.")

_SILENT_SECONDS = 2.0


@testdata_app.command(name="count")
def count() -> None:
    """Count the test data; nothing is changed."""
    with opened(Settings()) as database, database.read() as tx:
        counts = testdata.counts(tx)
    out.print(f"Test data: {_listed(counts)}.")


@testdata_app.command(name="wipe")
def wipe(
    *, yes: Annotated[bool, Parameter(help="Do it. Without this it is only said what would go.", negative="")] = False
) -> None:
    """Delete all test leads, plans and business partners with all that belongs to them, and no real one.

    Remembered answers and ended bulk jobs of test data go too, so that the same test may be sent again. It may be
    broken off and begun again, and calls go on meanwhile.
    """
    with opened(Settings()) as database:
        with database.read() as tx:
            counts = testdata.counts(tx)
        if not any(counts.values()):
            out.print("There is no test data.")
            return
        if not yes:
            raise Complaint(f"this would delete {_listed(counts)}; say --yes to do it.")
        out.print(f"Wiping {_listed(counts)}.")
        gone: Mapping[str, int] = dict.fromkeys(counts, 0)
        said = time.monotonic()
        for gone in testdata.wipe(database, now=datetime.now(UTC), caller_id="leadbridge"):
            if time.monotonic() - said > _SILENT_SECONDS:
                said = time.monotonic()
                out.print(f"So far {_listed(gone)} of {_listed(counts)}.")
    out.print(f"Wiped: {_listed(gone)}.")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
