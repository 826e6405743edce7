"""WS-Security by hand: Security headers as senders write them, and the SOAP door with what it verifies them by."""

import base64
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from leadbridge.authentication.access import Access
from leadbridge.authentication.callers import CallerError
from leadbridge.authentication.certificates import Certificates
from leadbridge.authentication.digest import DigestVerifier, digest_of, set_digest_secret
from leadbridge.authentication.usedonce import UsedOnce
from leadbridge.caller import Caller
from leadbridge.quotas import Quotas
from leadbridge.secretbox import SecretBox, new_key
from leadbridge.soap.security.signature import Signing
from leadbridge.store import callers
from leadbridge.store.database import Database
from tests.support.door import CRM, NOW, PARTNER, TEXT, WSSE, WSU, Door, KnownCallers

SECRET = "a secret for digests"  # a test's secret
DIGEST = TEXT.replace("PasswordText", "PasswordDigest")
NONCE = b"sixteen bytes..."
BOX = SecretBox([new_key()])


def instant(seconds: float = 0, *, zone: str = "Z") -> str:
    """A moment so many seconds after the door's now."""
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S") + zone


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def security(*children: str, attributes: str = "") -> str:
    """A Security header."""
    return f'<s:Security xmlns:s="{WSSE}" xmlns:u="{WSU}" {attributes}>{"".join(children)}</s:Security>'


def timestamp(created: str | None = None, expires: str | None = None) -> str:
    """A Timestamp."""
    parts = [f"<u:Created>{created}</u:Created>" if created is not None else ""]
    parts += [f"<u:Expires>{expires}</u:Expires>"] if expires is not None else []
    return f"<u:Timestamp>{''.join(parts)}</u:Timestamp>"


def token(
    password: str,
    *,
    kind: str = DIGEST,
    caller_id: str = "partner",
    nonce: str | None = encoded(NONCE),
    created: str | None = instant(),
) -> str:
    """A UsernameToken; None leaves its part out."""
    parts = [f"<s:Username>{caller_id}</s:Username>", f'<s:Password Type="{kind}">{password}</s:Password>']
    parts += [f"<s:Nonce>{nonce}</s:Nonce>"] if nonce is not None else []
    parts += [f"<u:Created>{created}</u:Created>"] if created is not None else []
    return f"<s:UsernameToken>{''.join(parts)}</s:UsernameToken>"


def digest_token(
    *, nonce: bytes = NONCE, written: str | None = None, created: str | None = None, secret: str = SECRET, **more: str
) -> str:
    """A UsernameToken with the digest of these; `written` is the nonce in another form than the usual one."""
    created = instant() if created is None else created
    digest = digest_of(nonce=nonce, created=created.strip(), secret=secret)
    return token(encoded(digest), nonce=written if written is not None else encoded(nonce), created=created, **more)


def guarded_door(
    database: Database,
    *,
    with_digest: Sequence[Caller] = (PARTNER,),
    signing: Signing = Signing(),  # noqa: B008 - immutable
    certificate_seconds: float = 60,
    quotas: Quotas | None = None,
) -> Door:
    """A door with verifiers of its own on this database, in which the door's callers are; some have the secret."""
    for caller in (PARTNER, CRM):
        with suppress(CallerError):
            _add(database, caller, has_secret=caller in with_digest)
    verifier = DigestVerifier(database, lambda: BOX)
    known = KnownCallers()
    access = Access(
        known,
        digests=verifier,
        certificates=Certificates(database, cache_seconds=certificate_seconds),
        used_once=UsedOnce(database),
        now=lambda: NOW,
    )
    return Door(callers=known, access=access, signing=signing, quotas=quotas)


def _add(database: Database, caller: Caller, *, has_secret: bool) -> None:
    moment: datetime = NOW
    row = {
        "id": caller.id,
        "name": caller.name,
        "roles": ",".join(sorted(caller.roles)),
        "visibility": caller.visibility.value,
        "party_id": caller.party_id,
        "password_hash": "none",  # hashing takes a test's patience, and no password is asked for here
        "created_at": moment,
        "changed_at": moment,
    }
    with database.write() as tx:
        if callers.by_id(tx, caller.id) is not None:
            return
        callers.add(tx, row)
    if has_secret:
        set_digest_secret(database, BOX, caller_id=caller.id, secret=SECRET, now=moment)
