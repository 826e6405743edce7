"""The door to the core CRM, against a real HTTP server that misbehaves: each failure has one outcome."""

import base64
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest
from lxml import etree

from leadbridge.contract import codec, published
from leadbridge.core_crm import CoreCrm
from leadbridge.core_crm.documents import collect, same_origin
from leadbridge.forwarding import Delivered, Misconfigured, Outcome, Refused, Unavailable, Unclear
from leadbridge.messages import (
    Amount,
    BasicMessageHeader,
    ComboCreateLeadOpportunityRequestSync,
    ComboUpdateLeadOpportunityRequestSync,
    CustomerTypeCode,
    LeadStatusUpdateRequestSync,
    Note,
    OpportunityStatusUpdateRequestSync,
    SellingModeCode,
)
from tests.support.crm import Behaviour, FakeCrm, running
from tests.support.forwarding import patience_for

CREATE = "ComboCreateLeadOpportunity"


@pytest.fixture
def crm() -> Iterator[FakeCrm]:
    with running() as one:
        yield one


class OpenDoor(Protocol):
    """What the fixture door_to gives: it opens doors, which are closed after the test."""

    def __call__(
        self,
        wsdl: str,
        *,
        address: str | None = None,
        username: str | None = "bridge",
        ca_file: str | None = None,
        read_timeout: float | None = None,
    ) -> CoreCrm: ...


@pytest.fixture
def door_to(request: pytest.FixtureRequest) -> Iterator[OpenDoor]:
    doors = []
    patience = patience_for(request)

    def open_door(
        wsdl: str,
        *,
        address: str | None = None,
        username: str | None = "bridge",
        ca_file: str | None = None,
        read_timeout: float | None = None,
    ) -> CoreCrm:
        one = CoreCrm(
            wsdl=wsdl,
            username=username,
            password=None if username is None else "päss:wörd",
            connect_timeout=10,
            read_timeout=read_timeout or patience,
            address=address,
            ca_file=ca_file,
        )
        doors.append(one)
        return one

    yield open_door
    for one in doors:
        one.close()


@pytest.fixture
def door(crm: FakeCrm, door_to: OpenDoor) -> CoreCrm:
    return door_to(crm.wsdl)


def combo_create() -> bytes:
    return codec.encode_bytes(
        ComboCreateLeadOpportunityRequestSync(
            basic_message_header=BasicMessageHeader(uuid=str(uuid4()), test_data_indicator=False),
            customer_type_code=CustomerTypeCode.NTB,
            customer_id="0000000042",
            owner_id="RM-7",
            selling_mode_code=SellingModeCode.B2_C,
            product_id="LOAN",
            customer_name="Ada <Lovelace> & Söhne",
            email_uri="ada@example.org",
            source_lead_uuid=str(uuid4()),
            expected_revenue_amount=Amount(value=Decimal("1200.50"), currency_code="EUR"),
            note=[Note(value="first", language_code="en"), Note(value=" second\nline ")],
        )
    )


# ----------------------------------------------------------------------------------------------- what is sent


def test_a_confirmation_is_delivered(crm: FakeCrm, door: CoreCrm) -> None:
    outcome = door.call(CREATE, combo_create())

    assert outcome == Delivered("LEAD", "0000000001", "New Lead", replayed=False)


def test_the_same_message_again_is_delivered_as_replayed(crm: FakeCrm, door: CoreCrm) -> None:
    payload = combo_create()

    first, second = door.call(CREATE, payload), door.call(CREATE, payload)

    assert first == Delivered("LEAD", "0000000001", "New Lead", replayed=False)
    assert second == Delivered("LEAD", "0000000001", "New Lead", replayed=True)
    assert len(crm.records) == 1


def messages() -> list[tuple[str, bytes]]:
    header, record_id = BasicMessageHeader(uuid=str(uuid4())), "0000000009"
    won = ComboUpdateLeadOpportunityRequestSync(
        basic_message_header=header, record_id=record_id, status_name="Close Won"
    )
    lost = OpportunityStatusUpdateRequestSync(basic_message_header=header, record_id=record_id, reason_code="007")
    lead_lost = LeadStatusUpdateRequestSync(basic_message_header=header, record_id=record_id)
    return [
        (CREATE, combo_create()),
        ("ComboUpdateLeadOpportunity", codec.encode_bytes(won)),
        ("UpdateOpportunityStatus", codec.encode_bytes(lost)),
        ("UpdateLeadStatus", codec.encode_bytes(lead_lost)),
    ]


@pytest.mark.parametrize(
    ("operation", "payload"), messages(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_arrives_is_the_payload_element_for_element(
    crm: FakeCrm, door: CoreCrm, operation: str, payload: bytes
) -> None:
    assert isinstance(door.call(operation, payload), Delivered)

    (received,) = crm.received
    assert canonical(received.message) == canonical(etree.fromstring(payload))
    assert received.headers["soapaction"].strip('"') == f"urn:leadbridge:crm:1:{operation}"
    credentials = base64.b64decode(received.headers["authorization"].removeprefix("Basic ")).decode()
    assert credentials == "bridge:päss:wörd"


def canonical(element: etree._Element) -> object:
    return (
        element.tag,
        sorted(element.items()),
        element.text if len(element) == 0 else None,
        [canonical(child) for child in element],
    )


def test_a_service_with_a_soap_12_port_alone_is_called_by_it(crm: FakeCrm, door: CoreCrm) -> None:
    crm.wsdl_replacements = [(b"<soap:address ", b"<wsdl:documentation ")]

    assert isinstance(door.call(CREATE, combo_create()), Delivered)
    assert crm.received[0].headers["content-type"].startswith("application/soap+xml")


def test_without_a_user_no_credentials_are_sent(crm: FakeCrm, door_to: OpenDoor) -> None:
    assert isinstance(door_to(crm.wsdl, username=None).call(CREATE, combo_create()), Delivered)
    assert "authorization" not in crm.received[0].headers


def test_calls_of_many_threads_go_out_together_and_read_the_wsdl_once(crm: FakeCrm, door: CoreCrm) -> None:
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda _: door.call(CREATE, combo_create()), range(24)))

    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert len(crm.records) == 24
    assert len(crm.documents_read) == len(set(crm.documents_read))


def test_a_payload_that_is_no_message_is_unforeseen(crm: FakeCrm, door: CoreCrm) -> None:
    with pytest.raises(LookupError):
        door.call(CREATE, b"<nothing/>")
    with pytest.raises(ValueError, match="XML"):
        door.call(CREATE, b"nothing")
    assert crm.received == []


# -------------------------------------------------------------------------------------------- what comes back

OUTCOMES: list[tuple[Behaviour, type]] = [
    (Behaviour.BUSY_503, Unavailable),
    (Behaviour.PLAIN_503, Unavailable),
    (Behaviour.TOO_MANY, Unavailable),
    (Behaviour.BUSY_FAULT, Unavailable),
    (Behaviour.UNAUTHENTICATED, Misconfigured),
    (Behaviour.FORBIDDEN, Misconfigured),
    (Behaviour.UNAUTHORIZED_FAULT, Misconfigured),
    (Behaviour.SECURITY_FAULT, Misconfigured),
    (Behaviour.UNKNOWN_OPERATION, Misconfigured),
    (Behaviour.NOT_FOUND, Misconfigured),
    (Behaviour.REDIRECT, Misconfigured),
    (Behaviour.CLIENT_FAULT, Refused),
    (Behaviour.SENDER_FAULT, Refused),
    (Behaviour.REFUSED, Refused),
    (Behaviour.DECLINED, Refused),
    (Behaviour.HANGS_UP, Unclear),
    (Behaviour.CONFIRMS, Delivered),
    (Behaviour.CONFIRMS_PARTLY, Delivered),
    (Behaviour.TWICE, Delivered),
    (Behaviour.ONLY_RECEIVED, Unclear),
    (Behaviour.WITHOUT_RECORD, Unclear),
    (Behaviour.INTERNAL_ERROR, Unclear),
    (Behaviour.SERVER_FAULT, Unclear),
    (Behaviour.GARBAGE_500, Unclear),
    (Behaviour.GARBAGE_200, Unclear),
    (Behaviour.EMPTY_200, Unclear),
    (Behaviour.ENTITIES, Unclear),
    (Behaviour.COMPRESSED, Unclear),
    (Behaviour.HUGE, Unclear),
    (Behaviour.SILENT, Unclear),
    (Behaviour.LATE, Unclear),
    (Behaviour.DRIPS, Unclear),
    (Behaviour.CLOSES, Unclear),
    (Behaviour.HALF, Unclear),
    (Behaviour.WRONG_MESSAGE, Unclear),
    (Behaviour.OTHERS_ANSWER, Unclear),
    (Behaviour.INVALID, Unclear),
]


def test_the_table_below_names_every_behaviour() -> None:
    assert {behaviour for behaviour, _ in OUTCOMES} == set(Behaviour)


@pytest.mark.parametrize(("behaviour", "kind"), OUTCOMES, ids=lambda value: getattr(value, "name", ""))
def test_each_behaviour_has_one_outcome_and_the_next_call_is_none_the_worse(
    crm: FakeCrm, door: CoreCrm, behaviour: Behaviour, kind: type
) -> None:
    crm.script.append(behaviour)
    payload = combo_create()

    outcome = door.call(CREATE, payload)
    again = door.call(CREATE, payload)

    assert type(outcome) is kind
    reason = getattr(outcome, "reason", "a reason")
    assert reason
    assert len(reason) <= 200
    assert isinstance(again, Delivered)
    assert len(crm.records) == 1


def test_a_refusal_says_the_code_and_the_note_of_the_error(crm: FakeCrm, door: CoreCrm) -> None:
    crm.script += [Behaviour.REFUSED, Behaviour.DECLINED, Behaviour.CLIENT_FAULT]

    assert [door.call(CREATE, combo_create()) for _ in range(3)] == [
        Refused("CRM.RECORD_FINAL", "a note for people", declined=False),
        Refused("CRM.DECLINED.007", "a note for people", declined=True),
        Refused("ContractViolation", "what went wrong", declined=False),
    ]


def test_row_13_an_answer_to_another_message_is_not_taken_for_ours(crm: FakeCrm, door: CoreCrm) -> None:
    """A server that answers twice shifts every later answer on that connection by one."""
    crm.always = Behaviour.TWICE

    outcomes = [door.call(CREATE, combo_create()) for _ in range(10)]

    assert all(isinstance(outcome, Delivered | Unclear) for outcome in outcomes)
    delivered = [outcome.record_id for outcome in outcomes if isinstance(outcome, Delivered)]
    assert len(delivered) == len(set(delivered))


# -------------------------------------------------------------------------------------------- getting through


def test_a_core_crm_that_is_down_is_unavailable_and_found_when_it_is_up(crm: FakeCrm, door: CoreCrm) -> None:
    crm.down()
    assert isinstance(door.call(CREATE, combo_create()), Unavailable)

    crm.up()
    assert isinstance(door.call(CREATE, combo_create()), Delivered)

    crm.down()
    assert isinstance(door.call(CREATE, combo_create()), Unavailable | Unclear)
    assert isinstance(door.call(CREATE, combo_create()), Unavailable)

    crm.up()
    assert isinstance(door.call(CREATE, combo_create()), Delivered)


def test_a_host_without_a_name_is_unavailable(door_to: OpenDoor) -> None:
    assert isinstance(door_to("http://nowhere.invalid/soap/CrmService?wsdl").call(CREATE, combo_create()), Unavailable)


def test_calls_one_after_the_other_share_a_connection(crm: FakeCrm, door: CoreCrm) -> None:
    for _ in range(5):
        assert isinstance(door.call(CREATE, combo_create()), Delivered)

    assert crm.connections == 2  # one to read the WSDL, one to call


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """A server's context and the file of its self-signed certificate for this subject alternative name."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    key, file = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=crm"
    subprocess.run(
        [*command.split(), "-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(file)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return context, str(file)


def test_a_certificate_that_is_trusted_lets_messages_through(tmp_path: Path, door_to: OpenDoor) -> None:
    context, file = certificate(tmp_path, "IP:127.0.0.1")
    with running(FakeCrm(tls=context)) as crm:
        door = door_to(crm.wsdl, ca_file=file)
        outcomes = [door.call(CREATE, combo_create()) for _ in range(5)]

    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert crm.connections == 2


@pytest.mark.parametrize(("name", "trusted"), [("IP:127.0.0.1", False), ("DNS:crm.example", True)])
def test_row_13_a_certificate_that_is_not_trusted_or_not_the_hosts_is_misconfigured(
    tmp_path: Path, door_to: OpenDoor, name: str, trusted: bool
) -> None:
    context, file = certificate(tmp_path, name)
    with running(FakeCrm(tls=context)) as crm:
        door = door_to(crm.wsdl, ca_file=file if trusted else None)
        outcome = door.call(CREATE, combo_create())

    assert isinstance(outcome, Misconfigured)
    assert crm.received == []


def test_a_file_of_authorities_that_cannot_be_read_is_misconfigured(
    crm: FakeCrm, door_to: OpenDoor, tmp_path: Path
) -> None:
    door = door_to(crm.wsdl.replace("http:", "https:"), ca_file=str(tmp_path / "nothing.pem"))

    assert isinstance(door.call(CREATE, combo_create()), Misconfigured)


def test_a_core_crm_without_the_tls_expected_is_unavailable(crm: FakeCrm, door_to: OpenDoor) -> None:
    door = door_to(crm.wsdl.replace("http:", "https:"))

    assert isinstance(door.call(CREATE, combo_create()), Unavailable)


@pytest.mark.parametrize(
    "address",
    ["ftp://crm.example/", "http://", "http://user:password@crm.example/", "http://crm.example:no/", "x"],
)
def test_an_address_that_cannot_be_called_is_misconfigured(crm: FakeCrm, door_to: OpenDoor, address: str) -> None:
    door = door_to(crm.wsdl, address=address)

    assert isinstance(door.call(CREATE, combo_create()), Misconfigured)


def test_threads_that_wait_for_the_wsdl_share_its_failure(door_to: OpenDoor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # accepts, and never answers
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/?wsdl"
        door = door_to(address, read_timeout=0.5)
        started = threading.Barrier(6)

        def call(_: int) -> Outcome:
            payload = combo_create()
            started.wait()
            return door.call(CREATE, payload)

        with ThreadPoolExecutor(6) as threads:
            outcomes = list(threads.map(call, range(6)))

        listener.setblocking(False)
        connections = 0
        while True:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                break
            connections += 1

    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert connections < 6


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'name="UpdateLeadStatus"', b'name="SomethingElse"'),
        (b'<wsdl:service name="CrmService">', b'<wsdl:service name="OtherService">'),
        (b"<wsdl:types>", b"<!-- "),
        (b"xsd=crm.xsd", b"xsd=nothing.xsd"),
    ],
    ids=["operation", "service", "broken", "schema"],
)
def test_a_wsdl_that_does_not_fit_is_misconfigured_until_it_is_mended(
    crm: FakeCrm, door: CoreCrm, old: bytes, new: bytes
) -> None:
    crm.wsdl_replacements = [(old, new)]
    operation, payload = messages()[-1]
    assert isinstance(door.call(operation, payload), Misconfigured)

    crm.wsdl_replacements = []
    assert isinstance(door.call(operation, payload), Delivered)


def test_the_password_goes_to_the_origin_of_the_wsdl_only(crm: FakeCrm, door_to: OpenDoor) -> None:
    with running() as thief:
        crm.wsdl_replacements = [(f'location="{crm.address}"'.encode(), f'location="{thief.address}"'.encode())]

        outcome = door_to(crm.wsdl).call(CREATE, combo_create())
        by_choice = door_to(crm.wsdl, address=thief.address).call(CREATE, combo_create())

    assert isinstance(outcome, Misconfigured)
    assert isinstance(by_choice, Delivered)
    assert len(thief.received) == 1


def test_row_13_a_schema_from_another_host_is_not_read(crm: FakeCrm, door_to: OpenDoor) -> None:
    with running() as other:
        crm.wsdl_replacements = [(f"{crm.address}?xsd=crm.xsd".encode(), f"{other.address}?xsd=crm.xsd".encode())]

        assert isinstance(door_to(crm.wsdl).call(CREATE, combo_create()), Misconfigured)

    assert other.documents_read == []


def test_the_flat_wsdl_serves_as_well(crm: FakeCrm, door_to: OpenDoor) -> None:
    assert isinstance(door_to(f"{crm.wsdl}=flat").call(CREATE, combo_create()), Delivered)


def test_a_wsdl_may_be_a_file(crm: FakeCrm, tmp_path: Path, door_to: OpenDoor) -> None:
    file = tmp_path / "crm.wsdl"
    file.write_bytes(published.flat_wsdl("CrmService", public_url=crm.root))

    assert isinstance(door_to(str(file)).call(CREATE, combo_create()), Delivered)
    assert crm.documents_read == []


@pytest.mark.parametrize("text", [None, b"no XML", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a/>"])
def test_a_file_that_is_no_wsdl_is_misconfigured(tmp_path: Path, text: bytes | None, door_to: OpenDoor) -> None:
    file = tmp_path / "crm.wsdl"
    if text is not None:
        file.write_bytes(text)

    assert isinstance(door_to(str(file)).call(CREATE, combo_create()), Misconfigured)


def test_a_file_may_not_import_from_the_network(crm: FakeCrm, tmp_path: Path, door_to: OpenDoor) -> None:
    file = tmp_path / "crm.wsdl"
    file.write_bytes(published.wsdl("CrmService", public_url=crm.root))

    assert isinstance(door_to(str(file)).call(CREATE, combo_create()), Misconfigured)
    assert crm.documents_read == []


def test_the_authored_files_can_be_collected() -> None:
    wsdl = Path(__file__).parents[2] / "wsdl" / "CrmService.wsdl"

    documents = collect(str(wsdl), get=lambda _: pytest.fail("nothing is read from the network"))

    assert len(documents.contents) == 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://crm.example/a", "http://crm.example:80/b?c", True),
        ("https://crm.example/a", "https://CRM.example:443/b", True),
        ("http://crm.example/a", "https://crm.example/a", False),
        ("http://crm.example/a", "http://crm.example:8080/a", False),
        ("http://crm.example/a", "http://crm.example.evil/a", False),
        ("http://crm.example/a", "http://crm.example@evil/a", False),
        ("http://crm.example/a", "http://crm.example:99999/a", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    assert same_origin(one, other) is same
