"""Publishes the contract on GET: the authored WSDL and schemas, at the configured address, to whoever may
read them.

Nothing of a request goes into what is published, and no name of a request goes near a file: addresses come
from the settings, names are looked up in what the contract has.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

from leadbridge.caller import Caller
from leadbridge.contract import published
from leadbridge.contract.files import UnknownFile
from leadbridge.messages import FaultTypeId
from leadbridge.soap.faults import Refusal

WsdlAccess: TypeAlias = Literal["public", "authenticated", "disabled"]


class Publication:
    """What GET answers.

    `identify` finds the caller of an Authorization header; it is asked where only authenticated callers may
    read.
    """

    def __init__(
        self,
        *,
        public_url: str,
        access: WsdlAccess,
        identify: Callable[..., Awaitable[Caller]],
    ) -> None:
        self._public_url = public_url
        self._access = access
        self._identify = identify
        self._document = lru_cache(maxsize=64)(_document)  # a document never changes while this runs

    async def answer(
        self, service: str, query: bytes, headers: Sequence[tuple[bytes, bytes]], *, address: str
    ) -> bytes:
        """The document that `query` asks for. `address` is where the request comes from.

        Raises Refusal: not found, not for this caller, or nothing asked.
        """
        kind, name = _asked(query)
        if self._access == "disabled":
            raise _not_found()
        if self._access == "authenticated":
            given = [value for header, value in headers if header == b"authorization"]
            await self._identify(authorization=given[0] if given else None, address=address)
        return self._document(kind, name, service, self._public_url)


def _asked(query: bytes) -> tuple[str, str]:
    """The kind of document and its name. `?wsdl` is read in any case, as toolkits write it."""
    key, _, value = query.decode("latin-1").partition("=")
    kind = key.lower()
    if kind not in ("wsdl", "xsd"):
        text = "Send a SOAP message with POST, or read the contract with GET and ?wsdl."
        raise Refusal(FaultTypeId.MALFORMED_MESSAGE, text, status=405, headers=[(b"allow", b"POST")])
    return kind, value


def _document(kind: str, name: str, service: str, public_url: str) -> bytes:
    try:
        if kind == "xsd":
            return published.xsd(name, service=service, public_url=public_url)
        if name == "flat":
            return published.flat_wsdl(service, public_url=public_url)
        if name == "":
            return published.wsdl(service, public_url=public_url)
    except UnknownFile:
        pass
    raise _not_found()


def _not_found() -> Refusal:
    return Refusal(FaultTypeId.UNKNOWN_OPERATION, "There is no such document.", status=404)
