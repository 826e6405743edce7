"""`leadbridge caller certificate`: the certificates that callers sign with."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.markup import escape

from leadbridge.authentication.certificates import (
    LARGEST_CERTIFICATE,
    add_certificate,
    list_certificates,
    remove_certificate,
)
from leadbridge.cli.complaint import Complaint
from leadbridge.cli.shared import opened, out, table
from leadbridge.settings import Settings

certificate_app = App(name="certificate", help="The certificates that callers sign with: add, list, remove.")


@certificate_app.command(name="add")
def certificate_add(
    caller_id: Annotated[str, Parameter(name="ID", help="The caller that it is to show.")],
    file: Annotated[Path, Parameter(name="FILE", help="The caller's own certificate, PEM or DER, without its chain.")],
    /,
) -> None:
    """Pin a certificate to a caller: what is signed with its key is this caller's, while the certificate is valid.

    A caller may have several, so that the next one can be added before the last one runs out.
    """
    try:
        with file.open("rb") as opened_file:
            data = opened_file.read(LARGEST_CERTIFICATE + 1)
    except OSError as error:
        raise Complaint(f"{file} cannot be read ({error.strerror}); name another file.") from None
    with opened(Settings()) as database:
        now = datetime.now(UTC)
        pinned = add_certificate(database, caller_id=caller_id, data=data, now=now)
    days, shows = f"until {pinned.not_after:%Y-%m-%d}", "shows"
    if pinned.not_before > now:
        days, shows = f"from {pinned.not_before:%Y-%m-%d} {days}", "will then show"
    print(f"The certificate {pinned.subject}, valid {days}, {shows} caller {caller_id}.")
    print(f"Its fingerprint (SHA-256) is {pinned.fingerprint}")


@certificate_app.command(name="list")
def certificate_list() -> None:
    """List the pinned certificates, by caller."""
    with opened(Settings()) as database:
        pinned = list_certificates(database)
    rows = table("caller", "fingerprint", "valid from", "until", wrapped=("subject", "added"))
    for one in pinned:
        days = [f"{moment:%Y-%m-%d}" for moment in (one.not_before, one.not_after)]
        rows.add_row(
            one.caller_id, one.fingerprint, *days, escape(one.subject), one.added_at.isoformat(timespec="seconds")
        )
    out.print(rows)


@certificate_app.command(name="remove")
def certificate_remove(
    fingerprint: Annotated[str, Parameter(name="FINGERPRINT", help="SHA-256, as listed.")], /
) -> None:
    """Let a certificate show nobody any more; it is out after callers.credential_cache_seconds at the latest."""
    with opened(Settings()) as database:
        removed = remove_certificate(database, fingerprint=fingerprint, now=datetime.now(UTC))
    print(f"The certificate {'is' if removed else 'was already'} removed.")
