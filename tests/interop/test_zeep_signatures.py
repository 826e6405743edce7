"""X.509 signatures over HTTP: Zeep's own plug-ins, unmodified, and our Zeep towards the core CRM that is built in.

On SQLite alone: what the database has a part in, the flow tests try on both.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xmlsec
import zeep
import zeep.exceptions
from zeep.wsse.compose import Compose
from zeep.wsse.signature import BinarySignature, Signature, verify_envelope
from zeep.wsse.username import UsernameToken

from leadbridge.authentication.certificates import add_certificate
from leadbridge.core_crm import CoreCrm
from leadbridge.forwarding import Delivered, Misconfigured, Unclear
from leadbridge.settings import Settings
from leadbridge.wiring import background
from tests.flow.test_core_crm import combo_create
from tests.interop.gateway import PASSWORD, Gateway
from tests.interop.test_wss import timestamp
from tests.interop.zeep_caller import ZeepCaller, header
from tests.support.certificates import Identity, Kind, identity
from tests.support.signing import signer_of

README = Path(__file__).parents[2] / "wsdl" / "README.md"
OURS = identity("leadbridge")  # what the server signs its answers with
T: Any = xmlsec.Transform  # type: ignore[attr-defined] # its stubs lack the algorithms


def more_environment(folder: Path) -> Mapping[str, str]:
    """Settings of the server: it signs its answers, and one of its callers must sign."""
    key_file, certificate_file = OURS.written_to(folder, "leadbridge")
    return {
        "LEADBRIDGE_WSS__SIGNING_KEY_FILE": key_file,
        "LEADBRIDGE_WSS__SIGNING_CERTIFICATE_FILE": certificate_file,
        "LEADBRIDGE_WSS__MUST_SIGN": "careful",
    }


@pytest.fixture(scope="module")
def gateway(sqlite_gateway: Gateway) -> Gateway:
    """With callers whose certificates are pinned."""
    for caller_id, role, kind in (("acme", "partner", "rsa"), ("curve", "partner", "p256"), ("crm", "crm", "rsa")):
        sqlite_gateway.caller(caller_id, role)
        who = identity(caller_id, kind=kind)  # type: ignore[arg-type] # of the kinds above
        add_certificate(sqlite_gateway.database, caller_id=caller_id, data=who.pem, now=datetime.now(UTC))
    sqlite_gateway.caller("careful", "partner")
    return sqlite_gateway


class Verified:
    """What a partner writes: Zeep's plug-in signs, and answers are verified with the gateway's certificate. By itself
    Zeep would verify them with the caller's own.
    """

    def __init__(self, signing: Any, certificate_file: str) -> None:
        self._signing = signing
        self._certificate_file = certificate_file
        self.verified = 0

    def apply(self, envelope: Any, headers: Any) -> Any:
        """Sign."""
        return self._signing.apply(envelope, headers)

    def verify(self, envelope: Any) -> None:
        """Verify."""
        verify_envelope(envelope, self._certificate_file)
        self.verified += 1


def plug_ins(
    kind: type[Signature], who: Identity, folder: Path, *, method: Any, digest: Any
) -> tuple[Compose, Verified]:
    """A Timestamp, which Zeep writes along with a UsernameToken, and a signature."""
    signing = kind(*who.written_to(folder, "caller"), signature_method=method, digest_method=digest)
    OURS.written_to(folder, "gateway")
    verified = Verified(signing, str(folder / "gateway.pem"))
    caller_id = who.certificate.subject.rfc4514_string().removeprefix("CN=")
    return Compose([UsernameToken(caller_id, PASSWORD, timestamp_token=timestamp()), verified]), verified


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("kind", [BinarySignature, Signature])
@pytest.mark.parametrize(
    ("caller_id", "key", "method", "digest"),
    [
        ("acme", "rsa", T.RSA_SHA256, T.SHA256),
        ("acme", "rsa", T.RSA_SHA512, T.SHA512),
        ("curve", "p256", T.ECDSA_SHA256, T.SHA256),
    ],
)
def test_zeeps_signature_is_accepted_and_ours_by_zeep(
    gateway: Gateway,
    tmp_path: Path,
    version: str,
    kind: type[Signature],
    caller_id: str,
    key: Kind,
    method: Any,
    digest: Any,
) -> None:
    wsse, verified = plug_ins(kind, identity(caller_id, kind=key), tmp_path, method=method, digest=digest)
    with ZeepCaller(gateway, ("", ""), version=version, wsse=wsse) as caller:
        caller.done("FindLead", LeadSelectionByElements={})
        assert verified.verified == 1
        with pytest.raises(zeep.exceptions.Fault) as fault:  # a fault is verified before Zeep raises it
            caller.client("CrmService").service.FindCrmRecord(
                BasicMessageHeader=header(), CrmRecordSelectionByElements={}
            )
        assert "may not call this operation" in fault.value.message
        assert verified.verified == 2


def test_what_the_readme_shows_works(gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shown,) = (code for code in README.read_text().split("```python")[1:] if "BinarySignature" in code)
    identity("acme").written_to(tmp_path, "acme")
    OURS.written_to(tmp_path, "leadbridge")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"zeep": zeep, "wsdl": gateway.wsdl("LeadService")}
    exec(shown.partition("```")[0], names)
    service = names["client"].service
    for _ in range(2):
        answer = service.FindLead(BasicMessageHeader=header(), LeadSelectionByElements={})
        assert answer.Log.BusinessDocumentProcessingResultCode == "3"
    identity("stranger").written_to(tmp_path, "acme")  # a certificate that is pinned to nobody
    exec(shown.partition("```")[0], names)
    with pytest.raises(zeep.exceptions.Fault) as fault:  # which is not signed, and not hidden by that
        names["client"].service.FindLead(BasicMessageHeader=header(), LeadSelectionByElements={})
    assert fault.value.code.endswith("FailedAuthentication")


@pytest.mark.parametrize("kind", [BinarySignature, Signature])
def test_what_zeep_signs_with_by_default_is_refused_with_what_to_choose(
    gateway: Gateway, tmp_path: Path, kind: type[Signature]
) -> None:
    signing = kind(*identity("acme").written_to(tmp_path, "caller"))
    with (
        ZeepCaller(
            gateway,
            ("", ""),
            wsse=Compose([UsernameToken("acme", PASSWORD, timestamp_token=timestamp()), _Unverified(signing)]),
        ) as caller,
        pytest.raises(zeep.exceptions.Fault) as fault,
    ):
        caller.client("LeadService").service.FindLead(BasicMessageHeader=header(), LeadSelectionByElements={})
    assert "rsa-sha256" in fault.value.message
    assert fault.value.code.endswith("UnsupportedAlgorithm")


class _Unverified(Verified):
    """A fault for somebody who is not known yet is not signed."""

    def __init__(self, signing: Any) -> None:
        super().__init__(signing, "")

    def verify(self, envelope: Any) -> None:
        """Nothing."""


def test_a_caller_that_must_sign_cannot_do_with_its_password(gateway: Gateway) -> None:
    with ZeepCaller(gateway, gateway.caller("careful")) as caller, pytest.raises(zeep.exceptions.Fault) as fault:
        caller.client("LeadService").service.FindLead(BasicMessageHeader=header(), LeadSelectionByElements={})
    assert fault.value.message == "The messages of this caller must be signed."


# ------------------------------------------------------------------------------------------- our Zeep to the core CRM


@pytest.fixture
def crm_settings(gateway: Gateway, tmp_path: Path) -> dict[str, Any]:
    """The settings of a relay that signs as the caller crm, and believes what the gateway has signed."""
    key_file, certificate_file = identity("crm").written_to(tmp_path, "crm")
    OURS.written_to(tmp_path, "gateway")
    return {
        "wsdl": gateway.wsdl("CrmService"),
        "signing_key_file": key_file,
        "signing_certificate_file": certificate_file,
        "certificate_file": str(tmp_path / "gateway.pem"),
    }


def test_the_relay_signs_and_believes_the_signed_answer(crm_settings: dict[str, Any]) -> None:
    door = background.core_crm(Settings(crm=crm_settings))
    payload = combo_create()
    first, again = (door.call("ComboCreateLeadOpportunity", payload) for _ in range(2))
    door.close()
    assert isinstance(first, Delivered)
    assert isinstance(again, Delivered)
    assert (first.replayed, again.replayed) == (False, True)


def test_row_13_the_relay_does_not_believe_another_signature(crm_settings: dict[str, Any], tmp_path: Path) -> None:
    _, thief = identity("thief").written_to(tmp_path, "thief")
    door = background.core_crm(Settings(crm={**crm_settings, "certificate_file": thief}))
    assert isinstance(door.call("ComboCreateLeadOpportunity", combo_create()), Unclear)
    door.close()


def test_the_core_crm_does_not_believe_another_signature(gateway: Gateway) -> None:
    door = CoreCrm(
        wsdl=gateway.wsdl("CrmService"),
        username=None,
        password=None,
        connect_timeout=5,
        read_timeout=30,
        signer=signer_of(identity("thief")),
        signed_by=OURS.certificate,
    )
    assert isinstance(door.call("ComboCreateLeadOpportunity", combo_create()), Misconfigured)
    door.close()
