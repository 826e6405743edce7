"""How long one CreateLead takes to parse, validate, read and write, beside xsdata doing the same.

Run with `python -m tests.benchmarks.codec`. Times are microseconds, the best of several runs; compare the ratios, which
hold on any machine.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable

from xsdata.formats.dataclass.context import XmlContext
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.handlers import LxmlEventHandler
from xsdata.formats.dataclass.serializers import XmlSerializer

from leadbridge import messages as m
from leadbridge.contract.codec import decode, encode_bytes
from leadbridge.contract.parsing import parse
from leadbridge.contract.samples import samples
from leadbridge.contract.schema import ContractViolation, validate

_UUID = "5f6b1c1e-8a35-4a2b-9d0e-3c2f7d1b4a01"


def microseconds(work: Callable[[], object], *, number: int = 1_000, repeat: int = 5) -> float:
    """Time of one call of `work`: the best of `repeat` runs of `number` calls."""
    work()
    return min(timeit.repeat(work, number=number, repeat=repeat)) / number * 1e6


def confirmation() -> m.LeadCreateConfirmationSync:
    """An answer of usual size."""
    return m.LeadCreateConfirmationSync(
        basic_message_header=m.BasicMessageHeader(uuid=_UUID, reference_uuid=_UUID),
        lead=m.LeadConfirmation(
            reference_object_node_sender_technical_id="LEAD-1",
            id="0000000001",
            uuid=_UUID,
            change_state_id="a1b2c3d4",
            life_cycle_status_code=m.LeadLifeCycleStatusCode.VALUE_3,
            prospect_party_internal_id="0000000001",
        ),
        replayed_indicator=False,
        log=m.Log(business_document_processing_result_code=m.ProcessingResultCode.VALUE_3),
    )


def measurements() -> dict[str, float]:
    """Microseconds of each step, by its name."""
    request = samples()["CreateLead"]
    data = encode_bytes(request)
    element = parse(data)
    refused = parse(data.replace(b"<lbc:CategoryCode>1<", b"<lbc:CategoryCode>9<"))
    answer = confirmation()
    context = XmlContext()
    parser = XmlParser(context=context, handler=LxmlEventHandler)
    serializer = XmlSerializer(context=context)
    assert parser.from_bytes(data, m.LeadCreateRequestSync) == decode(element) == request

    def refuse() -> None:
        try:
            validate(refused)
        except ContractViolation:
            return
        raise AssertionError("the message should have been refused")

    return {
        f"parse {len(data)} bytes": microseconds(lambda: parse(data)),
        "validate": microseconds(lambda: validate(element)),
        "refuse and explain": microseconds(refuse, number=100),
        "read the message": microseconds(lambda: decode(element)),
        "read the message (xsdata, from bytes)": microseconds(
            lambda: parser.from_bytes(data, m.LeadCreateRequestSync), number=200
        ),
        "write the answer": microseconds(lambda: encode_bytes(answer)),
        "write the answer (xsdata)": microseconds(lambda: serializer.render(answer), number=200),
        "write the message": microseconds(lambda: encode_bytes(request)),
        "write the message (xsdata)": microseconds(lambda: serializer.render(request), number=200),
    }


def main() -> None:
    """Print the measurements."""
    for name, time in measurements().items():
        print(f"{name:40} {time:8.1f} us")


if __name__ == "__main__":
    main()
