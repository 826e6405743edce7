"""`leadbridge caller digest`: the secrets of callers that send a PasswordDigest."""

import secrets
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from leadbridge.authentication.digest import remove_digest_secret, set_digest_secret
from leadbridge.cli.complaint import Complaint
from leadbridge.cli.shared import first_line, opened
from leadbridge.sealing import box_to_seal_with
from leadbridge.settings import Settings


def caller_digest(
    caller_id: Annotated[str, Parameter(name="ID")],
    /,
    *,
    secret_stdin: Annotated[
        bool, Parameter(help="Read it from standard input; without this one is made and printed.", negative="")
    ] = False,
    remove: Annotated[bool, Parameter(help="Take no digests of this caller any more.", negative="")] = False,
) -> None:
    """Let a caller send UsernameTokens with PasswordDigest: set the secret that it makes them with.

    It is another secret than the password, of which only a hash is kept: who verifies a digest needs the secret itself.
    It is kept sealed, with the key LEADBRIDGE_SECRET_KEY.
    """
    if remove and secret_stdin:
        raise Complaint("say either --remove or --secret-stdin.", code=2)
    settings = Settings()
    with opened(settings) as database:
        if remove:
            removed = remove_digest_secret(database, caller_id=caller_id)
            if removed:
                print(f"Digests of caller {caller_id} are not taken any more.")
            else:
                print(f"Caller {caller_id} has no secret for digests.")
            return
        secret = first_line("secret") if secret_stdin else secrets.token_urlsafe(24)
        box = box_to_seal_with(settings, database)
        set_digest_secret(database, box, caller_id=caller_id, secret=secret, now=datetime.now(UTC))
    print(f"The digest secret of caller {caller_id} was set" + ("." if secret_stdin else f": {secret}"))
