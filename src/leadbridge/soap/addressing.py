"""WS-Addressing: what a message says of its identifier and its action, and what its answer says back.

Sources: WS-Addressing 1.0 Core section 3.4, SOAP Binding section 6, Metadata section 4.4.4 (default actions).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4
from xml.sax.saxutils import escape

from lxml import etree

from leadbridge.contract.operations import ContractOperation

WSA = "http://www.w3.org/2005/08/addressing"
WSA_NAMES = ("Action", "FaultTo", "From", "MessageID", "ReferenceParameters", "RelatesTo", "ReplyTo", "To")

ACTION = f"{{{WSA}}}Action"
MESSAGE_ID = f"{{{WSA}}}MessageID"

# The actions of faults: of those that WS-Addressing defines, and of all others.
ADDRESSING_FAULT = f"{WSA}/fault"
SOAP_FAULT = f"{WSA}/soap/fault"

LONGEST_MESSAGE_ID = 1_024  # characters, which the answer repeats; urn:uuid:… has 45

_HEADERS = frozenset(f"{{{WSA}}}{name}" for name in WSA_NAMES)


@dataclass(frozen=True, slots=True)
class Addressing:
    """What the WS-Addressing headers of a message say that its answer depends on."""

    actions: tuple[str, ...]
    message_id: str | None

    def answer(self, action: str) -> bytes:
        """The header blocks of an answer with this action, as XML."""
        related = _block("RelatesTo", self.message_id) if self.message_id else ""
        return (_block("Action", action) + _block("MessageID", f"urn:uuid:{uuid4()}") + related).encode()


def _block(name: str, text: str) -> str:
    return f'<wsa:{name} xmlns:wsa="{WSA}">{escape(text)}</wsa:{name}>'


def addressing_of(blocks: Iterable[etree._Element]) -> Addressing | None:
    """What a message says of addressing in its headers for us, not checked yet; None where they say nothing of it."""
    ours = [block for block in blocks if block.tag in _HEADERS]
    if not ours:
        return None
    actions, identifiers = (
        [(block.text or "").strip() for block in ours if block.tag == tag] for tag in (ACTION, MESSAGE_ID)
    )
    return Addressing(tuple(actions), next((one for one in identifiers if len(one) <= LONGEST_MESSAGE_ID), None))


def answer_action(operation: ContractOperation) -> str:
    """The action of an operation's answer. The WSDLs give none, so it is the default that clients make of them: of the
    namespace, the port type and the name of the output.
    """
    return f"{operation.namespace}:{operation.service}:{operation.name}Response"
