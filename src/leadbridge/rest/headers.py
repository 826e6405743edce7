"""What the headers of a request say, at every one of these doors alike."""

from uuid import UUID

from fastapi import Request

from leadbridge.messages import FaultTypeId
from leadbridge.operations.call import named_uuid
from leadbridge.rest.problemdetails import KINDS, BodyError
from leadbridge.rest.problems import Problem

# Headers that decide what a body is and who sent it. Two of one kind are refused, as at the SOAP door: a proxy in front
# of us may take the other one.
_DECISIVE = ("content-type", "content-encoding", "content-length", "authorization", "idempotency-key")

_LONGEST_KEY = 255
_KEYS = "6d0f8a1c-52b4-5e5f-9a57-0c8f6a3b7e21"  # the namespace of keys that are no UUIDs


def no_header_twice(request: Request) -> None:
    """Refuse a request with two headers of a kind that decides. Raises Problem."""
    for name in _DECISIVE:
        if len(request.headers.getlist(name)) > 1:
            raise Problem(400, FaultTypeId.MALFORMED_MESSAGE, f"The request has two headers {name}.")


def json_length(request: Request) -> int | None:
    """The declared length of a body that is said to be JSON in UTF-8; None where none is declared. Raises Problem."""
    media_type, *parameters = request.headers.get("content-type", "").lower().split(";")
    wrong = media_type.strip() != "application/json"
    charsets = [value for name, _, value in (one.strip().partition("=") for one in parameters) if name == "charset"]
    wrong = (
        wrong or len(charsets) > 1 or any(value.strip('"') not in ("utf-8", "utf8", "us-ascii") for value in charsets)
    )
    if wrong or request.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        raise Problem(415, FaultTypeId.UNSUPPORTED_MEDIA_TYPE, KINDS[FaultTypeId.UNSUPPORTED_MEDIA_TYPE.value].detail)
    declared = request.headers.get("content-length")
    if declared is None:
        return None
    if not (declared.isascii() and declared.isdigit()) or len(declared) > 18:
        raise Problem(400, FaultTypeId.MALFORMED_MESSAGE, "The Content-Length is not a number.")
    return int(declared)


def idempotency_key(request: Request) -> str | None:
    """The UUID that a request is known by again, made of its Idempotency-Key; None without one. Raises Problem.

    A UUID is taken as it is, and is the same key as that UUID in the header of a SOAP message. Quotes around the key
    are not part of it: draft-ietf-httpapi-idempotency-key-header wants them, most senders leave them out.
    """
    sent = request.headers.get("idempotency-key")
    if sent is None:
        return None
    key = sent.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not (0 < len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Problem(400, BodyError.WRONG_IDEMPOTENCY_KEY, KINDS[BodyError.WRONG_IDEMPOTENCY_KEY].detail)
    try:
        return str(UUID(key))
    except ValueError:
        return named_uuid(_KEYS, key)
