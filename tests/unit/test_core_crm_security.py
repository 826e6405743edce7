"""What our calls to the core CRM carry in their Security header, and what its refusals of that mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from lxml import etree

from leadbridge.contract.operations import by_name
from leadbridge.core_crm.answers import outcome_of
from leadbridge.core_crm.connection import RawAnswer
from leadbridge.core_crm.security import plug_ins
from leadbridge.forwarding import Misconfigured, Outcome, Unclear
from leadbridge.messages import FaultTypeId
from leadbridge.signatures.names import WSSE, WSU
from leadbridge.soap import faults
from leadbridge.soap.faults import QName, Refusal
from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion

NOW = datetime(2026, 3, 1, 12, 0, 0, 900_000, tzinfo=UTC)


def security(authentication: Any) -> etree._Element:
    """The Security header of a call that is written now."""
    envelope: Any = etree.fromstring(f'<e:Envelope xmlns:e="{SOAP_11.namespace}"><e:Body/></e:Envelope>')
    for plug_in in plug_ins(authentication, username="bridge", password="secret"):
        envelope, _ = plug_in.apply(envelope, {})
    found: etree._Element = envelope.find(f"{{*}}Header/{{{WSSE}}}Security")
    return found


@pytest.mark.parametrize("authentication", ["username_token", "digest"])
def test_each_call_has_a_timestamp_of_its_own_before_its_token(authentication: str) -> None:
    for moment, created, expires in (
        (NOW, "2026-03-01T12:00:00Z", "2026-03-01T12:05:00Z"),
        (NOW + timedelta(hours=1), "2026-03-01T13:00:00Z", "2026-03-01T13:05:00Z"),
    ):
        with time_machine.travel(moment, tick=False):
            stamp, token = security(authentication)
        assert stamp.tag == f"{{{WSU}}}Timestamp"
        assert [one.text for one in stamp] == [created, expires]
        assert token.tag == f"{{{WSSE}}}UsernameToken"
        assert token.findtext(f"{{{WSSE}}}Username") == "bridge"
        assert (b"secret" in etree.tostring(token)) == (authentication == "username_token")


def test_every_digest_has_a_nonce_of_its_own() -> None:
    nonces = {security("digest").findtext(f".//{{{WSSE}}}Nonce") for _ in range(3)}

    assert len(nonces) == 3


def test_without_a_user_or_with_http_basic_nothing_is_added() -> None:
    assert plug_ins("basic", username="bridge", password="secret") == []
    assert plug_ins("digest", username=None, password=None) == []


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)
@pytest.mark.parametrize(
    ("kind", "code", "outcome"),
    [
        (
            FaultTypeId.MESSAGE_EXPIRED,
            QName("wsu", WSU, "MessageExpired"),
            Misconfigured("the core CRM finds our Timestamp run out: compare the clocks"),
        ),
        (
            FaultTypeId.MESSAGE_REPLAYED,
            QName("wsse", WSSE, "InvalidSecurityToken"),
            Unclear("the core CRM has had this very message: something on the way sent it twice"),
        ),
    ],
)
def test_a_refusal_of_the_header_has_its_outcome(
    version: SoapVersion, kind: FaultTypeId, code: QName, outcome: Outcome
) -> None:
    fault = faults.write(Refusal(kind, subcodes=[code]), version)

    assert judged(fault.status, fault.body) == outcome


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("MessageExpired", "the core CRM finds our Timestamp run out: compare the clocks"),
        ("UnsupportedSecurityToken", "the core CRM does not take this kind of crm.authentication"),
        ("FailedAuthentication", "the core CRM does not know our user or password"),
    ],
)
def test_another_core_crm_says_it_in_the_words_of_ws_security_alone(code: str, reason: str) -> None:
    soap_11 = (
        f'<e:Envelope xmlns:e="{SOAP_11.namespace}"><e:Body><e:Fault><faultcode xmlns:w="{WSSE}">w:{code}</faultcode>'
        "<faultstring>no</faultstring></e:Fault></e:Body></e:Envelope>"
    )
    soap_12 = (
        f'<e:Envelope xmlns:e="{SOAP_12.namespace}"><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value>'
        f'<e:Subcode><e:Value xmlns:w="{WSSE}">w:{code}</e:Value></e:Subcode></e:Code>'
        '<e:Reason><e:Text xml:lang="en">no</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>'
    )

    for body in (soap_11, soap_12):
        assert judged(500, body.encode()) == Misconfigured(reason)


def judged(status: int, body: bytes) -> Outcome:
    operation = by_name()["ComboCreateLeadOpportunity"]
    return outcome_of(RawAnswer(status, body), operation=operation, request_uuid=None)
