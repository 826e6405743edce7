"""The gate: what is refused before any XML parser sees it, in the order of the security catalogue.

Media type, charset, content coding, declared size, then the body, read within a deadline and a limit while
the guard looks at it. What comes out is clean UTF-8, well-formed and within every limit. The method is
settled before, by the address.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from leadbridge.messages import FaultTypeId
from leadbridge.room import Share
from leadbridge.soap.faults import Refusal, malformed
from leadbridge.soap.guard import Guard
from leadbridge.soap.limits import GateLimits
from leadbridge.soap.versions import BY_MEDIA_TYPE, SOAP_11, SOAP_12, SoapVersion

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Headers that decide what a message is and who sent it. Two of one kind are refused: which one counts would
# be a guess, and a proxy in front of us may guess otherwise.
_DECISIVE = frozenset({b"content-type", b"content-encoding", b"content-length", b"authorization", b"soapaction"})

_CHARSETS = {None: None, "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "us-ascii", "utf-16": "utf-16"}

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 section 5.6.2
_PARAMETER = rf'[ \t]*;[ \t]*({_WORD})=({_WORD}(?:[/:?@,=]+[^\s;"]*)?|"(?:[^"\\]|\\.)*")'
_CONTENT_TYPE = re.compile(rf"[ \t]*({_WORD}/{_WORD})((?:{_PARAMETER})*)[ \t]*;?[ \t]*")
_PARAMETERS = re.compile(_PARAMETER)
_LONGEST_CONTENT_TYPE = 1_000
_LONGEST_ACTION = 1_000

_PACED_FROM = 1_000_000  # bytes: from there on a sender holds room that others need, and must keep a pace


class Disconnected(Exception):
    """The sender went away before its message was complete: there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A Content-Type that is accepted: the version it stands for, its charset, and the action it names."""

    version: SoapVersion
    charset: str | None
    action: str | None


@dataclass(slots=True)
class Head:
    """What the HTTP headers say. `actions` are those named outside the message; empty ones name nothing."""

    media_type: MediaType
    declared_length: int | None
    actions: tuple[str, ...]
    authorization: bytes | None


def version_to_answer_in(headers: Iterable[tuple[bytes, bytes]]) -> SoapVersion:
    """The version of a fault about a message that was not looked at: the one its media type hints at, else
    SOAP 1.1.
    """
    for name, value in headers:
        if name == b"content-type" and value.lstrip().lower().startswith(SOAP_12.media_type.encode()):
            return SOAP_12
    return SOAP_11


def read_head(headers: Iterable[tuple[bytes, bytes]], *, limits: GateLimits) -> Head:
    """Check the HTTP headers of a POST; raises Refusal."""
    decisive: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _DECISIVE:
            if name in decisive:
                raise malformed(f"The request has two headers {name.decode()}.")
            decisive[name] = value
    content_type = decisive.get(b"content-type")
    if content_type is None or len(content_type) > _LONGEST_CONTENT_TYPE:
        raise Refusal(FaultTypeId.UNSUPPORTED_MEDIA_TYPE)
    soap_action = decisive.get(b"soapaction", b"")
    if len(soap_action) > _LONGEST_ACTION:
        raise malformed("The SOAPAction is too long.")
    media_type, actions = _announced(content_type, soap_action)
    coding = decisive.get(b"content-encoding", b"identity")
    if coding.strip().lower() not in (b"identity", b""):
        raise Refusal(FaultTypeId.UNSUPPORTED_MEDIA_TYPE, "Send the message without a Content-Encoding.")
    return Head(
        media_type=media_type,
        declared_length=_declared_length(decisive.get(b"content-length"), limits),
        actions=actions,
        authorization=decisive.get(b"authorization"),
    )


@lru_cache(maxsize=256)  # callers are few and each sends the same again; a refusal is not remembered
def _announced(content_type: bytes, soap_action: bytes) -> tuple[MediaType, tuple[str, ...]]:
    """What the two headers say: the media type, and the actions named."""
    media_type = _media_type(content_type)
    return media_type, _actions(media_type, soap_action)


def _media_type(content_type: bytes) -> MediaType:
    """The media type of a Content-Type."""
    match = _CONTENT_TYPE.fullmatch(content_type.decode("latin-1"))
    version = BY_MEDIA_TYPE.get(match[1].lower()) if match else None
    if match is None or version is None:
        raise Refusal(FaultTypeId.UNSUPPORTED_MEDIA_TYPE)
    parameters: dict[str, str] = {}
    for name, value in _PARAMETERS.findall(match[2]):
        if name.lower() in parameters:
            raise Refusal(FaultTypeId.UNSUPPORTED_MEDIA_TYPE, "The Content-Type has a parameter twice.")
        parameters[name.lower()] = _unquoted(value)
    charset = parameters.get("charset")
    if charset is not None:
        charset = charset.lower()
    if charset not in _CHARSETS:
        raise Refusal(FaultTypeId.UNSUPPORTED_MEDIA_TYPE)
    action = parameters.get("action") if version is SOAP_12 else None
    return MediaType(version, _CHARSETS[charset], action)


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def _declared_length(header: bytes | None, limits: GateLimits) -> int | None:
    if header is None:
        return None
    if not header.isdigit() or len(header) > 18:
        raise malformed("The Content-Length is not a number.")
    length = int(header)
    if length > limits.largest_message_bytes:
        raise _too_many_bytes(limits)
    return length


def _actions(media_type: MediaType, soap_action: bytes) -> tuple[str, ...]:
    """What SOAPAction and `action=` say. gSOAP sends both with SOAP 1.2; an empty one says nothing."""
    header = _unquoted(soap_action.decode("latin-1").strip())
    return tuple(action for action in (media_type.action, header) if action)


async def read_body(receive: Receive, *, head: Head, limits: GateLimits, share: Share) -> bytes:
    """Read the message and let the guard look at it; it is returned in UTF-8. `share` grows with it.

    Raises:
        Refusal: a limit, the deadline, or what the guard refuses. What was not read by then stays unread.
        Busy: there is no room for it now.
        Disconnected: the sender went away.
    """
    declared = head.declared_length
    most = limits.largest_message_bytes if declared is None else declared
    guard = Guard(limits, charset=head.media_type.charset, most_bytes=most)
    more = True
    size = 0
    due = _PACED_FROM  # the size at which its sender gets time for as many bytes again as its pace must bring
    last: float | None = None
    try:
        async with asyncio.timeout(limits.body_deadline_seconds) as deadline:
            while more:
                event = await receive()
                if event["type"] == "http.disconnect":
                    raise Disconnected
                data = event.get("body", b"")
                more = event.get("more_body", False)
                size += len(data)
                if size > most:
                    raise _too_many_bytes(limits) if declared is None else _lying_length()
                if data:
                    share.grow(len(data))
                    guard.feed(data)
                if size >= due:
                    due = size + int(limits.pace_seconds * limits.least_bytes_per_second)
                    last = last or deadline.when() or 0.0
                    deadline.reschedule(min(last, asyncio.get_running_loop().time() + limits.pace_seconds))
        if not size:
            raise malformed("The request has no message.")
        return guard.finish()
    except Refusal as refusal:
        refusal.hang_up = refusal.hang_up or more
        raise
    except TimeoutError:
        text = f"The message did not arrive within {limits.body_deadline_seconds:g} seconds."
        if last is not None:
            text = f"{text[:-1]}, or with less than {limits.least_bytes_per_second:,} bytes a second."
        raise Refusal(FaultTypeId.MALFORMED_MESSAGE, text, status=408, hang_up=True) from None


def _too_many_bytes(limits: GateLimits) -> Refusal:
    text = f"The message has more than {limits.largest_message_bytes:,} bytes."
    return Refusal(FaultTypeId.MESSAGE_TOO_LARGE, text, hang_up=True)


def _lying_length() -> Refusal:
    refusal = malformed("The message is longer than its Content-Length.")
    refusal.hang_up = True
    return refusal
