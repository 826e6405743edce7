"""Hostile requests to the whole gateway: it answers by the contract and goes on. Longer: `make fuzz`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from leadbridge.soap.versions import SOAP_11, SOAP_12, SoapVersion
from tests.support.fuzz import fuzz
from tests.support.fuzz_gateway import InProcess, in_process
from tests.support.fuzz_requests import as_call, as_upload
from tests.support.not_well_formed import DOCUMENTS, files, messages

EXAMPLES = {"calls": 350, "uploads": 120, "readings": 100, "bank calls": 200, "BIAN calls": 60}  # some nine seconds


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    with in_process(tmp_path_factory.mktemp("fuzz")) as made:
        yield made
        made.still_serves()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_answer_keeps_the_contract_whatever_was_sent(gateway: InProcess, kind: str) -> None:
    seen: Counter[str] = Counter()
    fuzz(gateway, kind, examples=EXAMPLES[kind], seen=seen)
    assert seen["200"] + seen["202"] > 0.01 * seen.total()  # what is hostile in parts only comes far enough, too
    assert seen["400"] + seen["404"] + seen["500"] > 0.2 * seen.total()


@pytest.mark.parametrize("version", [SOAP_11, SOAP_12], ids=lambda version: version.name)
def test_no_document_that_is_not_well_formed_is_taken(gateway: InProcess, version: SoapVersion) -> None:
    for name, document in DOCUMENTS.items():
        for message in messages(document):
            sent = message.replace(SOAP_11.namespace.encode(), version.namespace.encode())
            reply = gateway.judge(as_call(sent, version))
            assert reply is not None
            assert reply.status != 200, name
            assert reply.fault.kind in ("MalformedMessage", "MessageTooLarge"), name


def test_no_lead_of_a_file_that_is_not_well_formed_is_taken(gateway: InProcess) -> None:
    for name, document in DOCUMENTS.items():
        for file in files(document):
            reply = gateway.judge(as_upload(file))
            assert reply is not None
            assert reply.status in (202, 400), name
            assert gateway.take_in() == 0, name
