"""WS-Security over HTTP: Zeep's and suds' own plug-ins, unmodified, and our Zeep towards the core CRM that is built in.

On SQLite alone: what the database has a part in, the flow tests of digests try on both.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
import suds.client
import suds.wsse
import time_machine
import zeep
from lxml import etree
from zeep.wsse import utils
from zeep.wsse.username import UsernameToken

from leadbridge.authentication.digest import digest_of, set_digest_secret
from leadbridge.contract import codec
from leadbridge.core_crm import CoreCrm
from leadbridge.forwarding import Delivered, Misconfigured
from leadbridge.messages import (
    BasicMessageHeader,
    ComboCreateLeadOpportunityRequestSync,
    CustomerTypeCode,
    SellingModeCode,
)
from leadbridge.sealing import box_to_seal_with
from leadbridge.settings import Settings
from leadbridge.soap.versions import BY_MEDIA_TYPE
from leadbridge.wiring import background
from tests.interop.gateway import PASSWORD, Gateway
from tests.interop.people import word
from tests.interop.zeep_caller import ZeepCaller
from tests.support.server import Server

SECRET = "a secret for digests"  # a test's secret

versions = pytest.mark.parametrize("version", ["1.1", "1.2"])


@pytest.fixture(scope="module")
def gateway(sqlite_gateway: Gateway) -> Gateway:
    """With a partner and the bank's channel, which have secrets for digests; their key is beside the database."""
    settings = Settings(database_url=sqlite_gateway.server.environment["LEADBRIDGE_DATABASE_URL"])
    box = box_to_seal_with(settings, sqlite_gateway.database)
    for caller_id, role in (("acme", "partner"), ("crm", "crm")):
        sqlite_gateway.caller(caller_id, role)
        set_digest_secret(sqlite_gateway.database, box, caller_id=caller_id, secret=SECRET, now=datetime.now(UTC))
    return sqlite_gateway


def timestamp(age: timedelta = timedelta(), lifetime: timedelta = timedelta(minutes=10)) -> Any:
    """A Timestamp as Zeep's documentation makes it."""
    created = datetime.now(UTC) - age
    stamps = [
        maker(f"{moment:%Y-%m-%dT%H:%M:%SZ}")
        for maker, moment in ((utils.WSU.Created, created), (utils.WSU.Expires, created + lifetime))
    ]
    token = utils.WSU.Timestamp()
    token.extend(stamps)
    return token


@pytest.fixture(scope="module")
def callers(gateway: Gateway) -> Iterator[dict[str, ZeepCaller]]:
    """Zeep on each SOAP version, without a plug-in yet."""
    with ZeepCaller(gateway, ("", ""), wsse=()) as one, ZeepCaller(gateway, ("", ""), version="1.2", wsse=()) as other:
        yield {"1.1": one, "1.2": other}


def find(caller: ZeepCaller, wsse: Any) -> None:
    """A call that needs to be authenticated, with this plug-in."""
    caller.client("LeadService").wsse = wsse
    caller.done("FindLead", LeadSelectionByElements={})


# ---------------------------------------------------------------------------------------------------------------- Zeep


@versions
@pytest.mark.parametrize(
    ("password", "options"),
    [
        (PASSWORD, {}),
        (PASSWORD, {"timestamp_token": timestamp}),
        (SECRET, {"use_digest": True}),
        (SECRET, {"use_digest": True, "timestamp_token": timestamp, "zulu_timestamp": True}),
    ],
    ids=["text", "text and Timestamp", "digest", "digest and Timestamp"],
)
def test_zeeps_username_token_is_accepted(
    callers: dict[str, ZeepCaller], version: str, password: str, options: dict[str, Any]
) -> None:
    made = {name: value() if callable(value) else value for name, value in options.items()}
    token = UsernameToken("acme", password, **made)

    find(callers[version], token)
    find(callers[version], token)  # each call has a nonce of its own


@versions
@pytest.mark.parametrize(
    ("wsse", "code"),
    [
        (UsernameToken("acme", PASSWORD, use_digest=True), "FailedAuthentication"),
        (UsernameToken("acme", SECRET), "FailedAuthentication"),
        (UsernameToken("acme", SECRET, use_digest=True, hash_password=True), "FailedAuthentication"),
        (UsernameToken("nobody", SECRET, use_digest=True), "FailedAuthentication"),
        (UsernameToken("acme", SECRET, use_digest=True, created=datetime(2020, 1, 1, tzinfo=UTC)), "MessageExpired"),
        (UsernameToken("acme", SECRET, use_digest=True, created=datetime(2120, 1, 1, tzinfo=UTC)), "InvalidSecurity"),
        (UsernameToken("acme", PASSWORD, timestamp_token=timestamp(timedelta(hours=1))), "MessageExpired"),
    ],
)
def test_what_is_wrong_with_it_zeep_shows_as_a_fault(
    callers: dict[str, ZeepCaller], version: str, wsse: Any, code: str
) -> None:
    with pytest.raises(zeep.exceptions.Fault) as raised:
        find(callers[version], wsse)

    shown = raised.value.code if version == "1.1" else raised.value.subcodes[-1].localname
    assert str(shown).endswith(code)


@versions
def test_row_18_a_nonce_that_zeep_sends_again_is_a_replay(callers: dict[str, ZeepCaller], version: str) -> None:
    token = UsernameToken("acme", SECRET, use_digest=True, nonce=word())

    find(callers[version], token)
    with pytest.raises(zeep.exceptions.Fault) as raised:
        find(callers[version], token)

    assert raised.value.message == "The Nonce or signature was used before: send the message again with a new one."


@versions
def test_zeeps_addressing_plug_in_is_answered(callers: dict[str, ZeepCaller], version: str) -> None:
    client = callers[version].client("LeadService")
    client.plugins.append(zeep.wsa.WsAddressingPlugin())
    try:
        find(callers[version], UsernameToken("acme", PASSWORD))
    finally:
        client.plugins.clear()
    header = callers[version].received().getroottree().getroot()[0]

    names = [etree.QName(block).localname for block in header]
    assert names == ["Action", "MessageID", "RelatesTo"]
    assert header[0].text == "urn:leadbridge:lead:1:LeadService:FindLeadResponse"
    assert (header[2].text or "").startswith("urn:uuid:")


# ------------------------------------------------------------------------------------------ the same in two processes


@versions
def test_row_18_another_process_on_the_same_database_refuses_the_replay(
    gateway: Gateway, other: Server, callers: dict[str, ZeepCaller], version: str
) -> None:
    (media_type,) = [one for one, known in BY_MEDIA_TYPE.items() if known.name == version]
    client = callers[version].client("LeadService")
    client.wsse = UsernameToken("acme", SECRET, use_digest=True)
    message = client.create_message(
        client.service, "FindLead", BasicMessageHeader={"UUID": str(uuid4())}, LeadSelectionByElements={}
    )
    recorded = etree.tostring(message)

    def send(url: str) -> requests.Response:
        return requests.post(
            f"{url}/soap/LeadService", recorded, headers={"Content-Type": f"{media_type}; charset=utf-8"}, timeout=30
        )

    assert send(gateway.url).status_code == 200
    for url in (other.url, gateway.url):
        again = send(url)
        assert again.status_code == (500 if version == "1.1" else 400)
        assert b"<lbc:faultTypeID>MessageReplayed</lbc:faultTypeID>" in again.content


@pytest.fixture(scope="module")
def other(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A second server on the gateway's database."""
    folder: Path = tmp_path_factory.mktemp("other")
    environment = {**gateway.server.environment, "LEADBRIDGE_FORWARDING__ENABLED": "false"}
    url = environment.pop("LEADBRIDGE_DATABASE_URL")
    del environment["LEADBRIDGE_PORT"]
    with Server(url, folder, environment=environment) as server:
        yield server


# ---------------------------------------------------------------------------------------------------------------- suds


@pytest.mark.parametrize("digest", [False, True], ids=["text", "digest"])
def test_sudss_username_token_and_timestamp_are_accepted_once(gateway: Gateway, digest: bool) -> None:
    """Its token is made once for all calls, so that a second call with the nonce is a replay."""
    security = suds.wsse.Security()
    token = suds.wsse.UsernameToken("acme", PASSWORD)
    token.setnonceencoding(True)
    token.setnonce()  # in hexadecimal, which is base64 of other bytes, as good as any
    token.setcreated()
    if digest:
        created = str(suds.sax.date.DateTime(token.created))
        made = digest_of(nonce=base64.b64decode(token.nonce), created=created, secret=SECRET)
        token.setpassworddigest(base64.b64encode(made).decode())
    security.tokens += [token, suds.wsse.Timestamp()]
    client = suds.client.Client(gateway.wsdl("LeadService"), cache=None, timeout=30, wsse=security)

    answer = client.service.FindLead(BasicMessageHeader={}, LeadSelectionByElements={})

    assert answer.Log.BusinessDocumentProcessingResultCode == "3"
    with pytest.raises(suds.WebFault, match="used before"):
        client.service.FindLead(BasicMessageHeader={}, LeadSelectionByElements={})


# -------------------------------------------------------------------------------- our own Zeep, to the core CRM here


def core_crm(gateway: Gateway, authentication: str, password: str) -> CoreCrm:
    settings = {"wsdl": gateway.wsdl("CrmService"), "username": "crm", "password": password}
    return background.core_crm(Settings(crm={**settings, "authentication": authentication}))


def combo_create() -> bytes:
    return codec.encode_bytes(
        ComboCreateLeadOpportunityRequestSync(
            basic_message_header=BasicMessageHeader(uuid=str(uuid4())),
            customer_type_code=CustomerTypeCode.NTB,
            customer_id=word(),
            owner_id="RM-7",
            selling_mode_code=SellingModeCode.B2_C,
            customer_name="Ada Lovelace",
        )
    )


@pytest.mark.parametrize(
    ("authentication", "password"), [("basic", PASSWORD), ("username_token", PASSWORD), ("digest", SECRET)]
)
def test_our_calls_to_the_core_crm_are_authenticated_as_it_is_set(
    gateway: Gateway, authentication: str, password: str
) -> None:
    right, wrong = (core_crm(gateway, authentication, one) for one in (password, "another one, just as long"))
    try:
        for _ in range(2):  # with a token of its own each
            assert isinstance(right.call("ComboCreateLeadOpportunity", combo_create()), Delivered)
        assert isinstance(wrong.call("ComboCreateLeadOpportunity", combo_create()), Misconfigured)
    finally:
        right.close()
        wrong.close()


@pytest.mark.parametrize(("authentication", "password"), [("username_token", PASSWORD), ("digest", SECRET)])
def test_a_clock_that_is_wrong_is_told_as_such(gateway: Gateway, authentication: str, password: str) -> None:
    """A stamp of our own that is too old by the core CRM's clock: what an operator is told names the clocks."""
    door = core_crm(gateway, authentication, password)
    try:
        with time_machine.travel(datetime.now(UTC) - timedelta(seconds=400)):
            outcome = door.call("ComboCreateLeadOpportunity", combo_create())
    finally:
        door.close()

    assert outcome == Misconfigured("the core CRM finds our Timestamp run out: compare the clocks")
