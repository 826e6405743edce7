"""`leadbridge businesspartner`: the people and companies that leads are about."""

from typing import Annotated

from cyclopts import App, Parameter

from leadbridge.cli.shared import opened, out, table
from leadbridge.settings import Settings
from leadbridge.store import merges

partner_app = App(name="businesspartner", help="The people and companies that leads are about: list merges.")


@partner_app.command(name="merges")
def partner_merges(
    *,
    limit: Annotated[int, Parameter(help="At most so many.")] = 50,
    after: Annotated[str, Parameter(help="Go on after this business partner.")] = "",
) -> None:
    """List the business partners that have become part of another, by their numbers: into which, when, by whom."""
    with opened(Settings()) as database, database.read() as tx:
        rows = merges.listed(tx, after=after, limit=limit)
    shown = table("merged", "into", wrapped=("when", "by"))
    for row in rows:
        when = row["merged_at"].isoformat(timespec="seconds")
        shown.add_row(row["internal_id"], row["merged_into_internal_id"], when, row["merged_by"])
    out.print(shown)
