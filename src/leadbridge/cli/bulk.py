"""`leadbridge bulk …`: import a file, see how far jobs are, get their rejections, cancel them."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from leadbridge.bulk.team import Team
from leadbridge.settings import Settings

bulk_app = App(name="bulk", help="Bulk files: import one, see how far jobs are, get their rejections, cancel them.")
for _name in ("status", "rejections", "cancel", "run"):
    bulk_app.command(f"leadbridge.cli.bulk_jobs:bulk_{_name}", name=_name)


@bulk_app.command(name="import")
def bulk_import(
    file: Annotated[Path, Parameter(name="FILE", help="XML (LeadBulk) or CSV with column names; gzip or not.")],
    /,
    *,
    caller: Annotated[str, Parameter(help="The caller whose leads they are.")],
    mapping: Annotated[
        Path | None, Parameter(help="TOML file: [columns] column = place of a lead, [constants] place = value.")
    ] = None,
    uuid: Annotated[
        UUID | None, Parameter(help="The file's UUID; without it the header's, or one of its content.")
    ] = None,
) -> None:
    """Take the leads of a file in. Exit code 0: all taken, 1: not all, 2: the file cannot be used.

    `leadbridge contract export DIR` writes files to begin with: samples/LeadBulk.xml and samples/leads.csv.

    Run again after a kill or Ctrl-C it goes on where it was. The same file again takes nothing twice.
    """
    settings = Settings()
    with Team(settings.bulk.workers) as team:
        from leadbridge.cli.bulk_import import import_file  # loaded while the workers load

        import_file(settings, file, caller_id=caller, mapping=mapping, uuid=uuid, team=team)
