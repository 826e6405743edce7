"""Puts the parts together, from settings.

`gateway` is what each worker process of the server has, `background` what its parent and other commands have beside it.
Neither loads what only the other needs, and nothing is made at import.
"""

from leadbridge.settings import Settings
from leadbridge.signatures.signing import Signer, signer_from

# The password of the relay towards the core CRM that is built in: made by `leadbridge serve`, handed to its own
# worker processes, kept nowhere else.
INTERNAL_VARIABLE = "LEADBRIDGE_INTERNAL_CREDENTIAL"


def signer_of(key_file: str | None, certificate_file: str | None, *, setting: str) -> Signer | None:
    """What signs, where the two settings name its files. Raises SettingsError."""
    if key_file is None or certificate_file is None:
        return None
    return signer_from(key_file=key_file, certificate_file=certificate_file, setting=setting)


def answer_signer(settings: Settings) -> Signer | None:
    """What signs our answers, where the site has a key for it. Raises SettingsError for one of no use."""
    wss = settings.wss
    return signer_of(wss.signing_key_file, wss.signing_certificate_file, setting="wss.signing")
