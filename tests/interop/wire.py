"""Calls over HTTP without any SOAP client, where the exact bytes of answers are compared."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

from leadbridge.contract import codec, operations
from leadbridge.contract.parsing import parse
from leadbridge.contract.schema import validate
from leadbridge.messages import BasicMessageHeader, StandardMessageFault
from leadbridge.soap.versions import SOAP_11, SoapVersion
from tests.interop.gateway import Credentials

_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z")


@dataclass(frozen=True)
class Reply:
    """An HTTP answer with a SOAP message. `message` is the answer, or the detail of the fault."""

    status: int
    body: bytes
    message: Any

    @property
    def fault_type(self) -> str | None:
        """The faultTypeID, None for an answer that is no fault."""
        is_fault = isinstance(self.message, StandardMessageFault)
        return self.message.standard.fault_type_id.value if is_fault else None

    @property
    def types(self) -> list[str]:
        """The TypeIDs of the answer's Log."""
        return [item.type_id for item in self.message.log.item]

    @property
    def succeeded(self) -> bool:
        """Whether the Log says 3."""
        return self.fault_type is None and self.message.log.business_document_processing_result_code.value == "3"

    def bland(self) -> tuple[int, bytes]:
        """Status and body without what differs from call to call: UUIDs and times."""
        return self.status, _TIME.sub(b"TIME", _UUID.sub(b"UUID", self.body))


class Wire:
    """One caller, on one SOAP version."""

    def __init__(self, url: str, credentials: Credentials | None, *, version: SoapVersion = SOAP_11) -> None:
        self.url = url
        self.caller_id = credentials[0] if credentials else None
        self._credentials = credentials
        self._version = version

    def call(self, request: type[Any], /, **fields: Any) -> Reply:
        """Send a message of this class, with a header of its own unless one is given. The answer is valid."""
        fields.setdefault("basic_message_header", BasicMessageHeader(uuid=str(uuid4())))
        return self.send(request(**fields))

    def send(self, message: Any) -> Reply:
        """Send a message. The answer is valid."""
        operation = operations.by_request()[codec.encode(message).tag]
        version = self._version
        response = requests.post(
            f"{self.url}/soap/{operation.service}",
            data=version.opening(header=b"") + codec.encode_bytes(message) + version.tail,
            headers={"Content-Type": f"{version.media_type}; charset=utf-8"},
            auth=self._credentials,
            timeout=30,
        )
        (content,) = parse(response.content).findall(f"{{{version.namespace}}}Body/*")
        fault = content.tag == f"{{{version.namespace}}}Fault"
        answer = content.find(".//{urn:leadbridge:common:1}StandardMessageFault") if fault else content
        assert answer is not None
        validate(answer)
        return Reply(response.status_code, response.content, codec.decode(answer))
