"""The callers of the demonstration: a real Zeep client per service, a client of the addresses that speak JSON, and the
bytes they have sent and received.

What a partner's program would do, nothing more: read the WSDL, set user and password, call.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
import zeep
import zeep.exceptions

from leadbridge.contract.files import NAMESPACES
from leadbridge.demo.servers import Server
from leadbridge.demo.telling import StepFailed, Teller

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer as they went over the wire."""

    url: str
    headers: Mapping[str, str | bytes]
    request: bytes
    status: int
    answer: bytes


class Service:
    """One service of one server, read from its WSDL and called by whoever is named in the call."""

    def __init__(self, server: Server, name: str, teller: Teller) -> None:
        self._server = server
        self._name = name
        self._teller = teller
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between us and our own machine
        self._session.hooks["response"].append(self._remember)
        self._exchanges: list[Exchange] = []
        transport = zeep.Transport(session=self._session, operation_timeout=_TIMEOUT_SECONDS)
        self._client = zeep.Client(f"{server.url}/soap/{name}?wsdl", transport=transport)
        for prefix, namespace in NAMESPACES.items():
            self._client.set_ns_prefix(prefix, namespace)

    @property
    def last(self) -> Exchange:
        """The last call's bytes."""
        return self._exchanges[-1]

    def call(self, caller: str, operation: str, *, quietly: bool = False, **content: Any) -> Any:
        """Call an operation as `caller` and return Zeep's answer; both messages are shown unless `quietly`.

        Raises StepFailed where the answer is a fault.
        """
        try:
            answer = self._send(caller, operation, content)
        except zeep.exceptions.Fault as fault:
            self._show(caller, operation)
            raise StepFailed(f"{operation} of {caller} was answered with a fault: {fault.message}") from fault
        if not quietly:
            self._show(caller, operation)
        return answer

    def refused(self, caller: str, operation: str, **content: Any) -> None:
        """The same where a fault must come; it is found in `last`. Raises StepFailed where none comes."""
        with suppress(zeep.exceptions.Fault):
            self._send(caller, operation, content)
            raise StepFailed(f"{operation} of {caller}: expected a fault, found an answer")
        self._show(caller, operation)

    def again(self) -> Exchange:
        """Send the last call's bytes once more, byte for byte."""
        sent = self.last
        self._session.auth = None  # the header that is sent again has the credentials
        headers = {name: value for name, value in sent.headers.items() if name != "Content-Length"}
        self._session.post(sent.url, data=sent.request, headers=headers, timeout=_TIMEOUT_SECONDS)
        return self.last

    def show_last_answer(self, caller: str) -> None:
        """Show the last answer alone."""
        last = self.last
        self._teller.message(sender=self._name, receiver=caller, envelope=last.answer, note=f"HTTP {last.status}")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _send(self, caller: str, operation: str, content: Mapping[str, Any]) -> Any:
        self._session.auth = (caller, self._server.passwords[caller])
        return self._client.service[operation](**content)

    def _show(self, caller: str, operation: str) -> None:
        self._teller.message(sender=caller, receiver=f"{self._name}.{operation}", envelope=self.last.request)
        self.show_last_answer(caller)

    def _remember(self, response: requests.Response, *_: Any, **__: Any) -> None:
        request = response.request
        if request.method == "POST":
            assert request.url is not None
            body = request.body or b""
            sent = body if isinstance(body, bytes) else str(body).encode()
            self._exchanges.append(Exchange(request.url, request.headers, sent, response.status_code, response.content))


class JsonDoors:
    """The addresses of one server that speak JSON, called by whoever is named in the call."""

    def __init__(self, server: Server, teller: Teller) -> None:
        self._server = server
        self._teller = teller
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between us and our own machine
        self.location = ""  # what the last answer called the new record's address

    def call(
        self, caller: str, method: str, path: str, body: Mapping[str, Any] | None = None, *, quietly: bool = False
    ) -> Any:
        """What is answered with success; both sides are shown unless `quietly`. Raises StepFailed for an error."""
        answer = self._session.request(
            method,
            f"{self._server.url}{path}",
            json=body,
            auth=(caller, self._server.passwords[caller]),
            timeout=_TIMEOUT_SECONDS,
        )
        if not quietly or not answer.ok:
            self._teller.document(caller, f"{method} {path}", body)
            self._teller.document(path.split("/")[1], caller, answer.json(), note=f"HTTP {answer.status_code}")
        if not answer.ok:
            raise StepFailed(f"{method} {path} of {caller} was answered with HTTP {answer.status_code}")
        self.location = answer.headers.get("location", "")
        return answer.json()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
