"""The two versions of SOAP and how their envelopes are written.

Sources: SOAP 1.1 (W3C Note, 8 May 2000), SOAP 1.2 Part 1 (W3C Recommendation, 27 April 2007), RFC 3902.
"""

from dataclasses import dataclass, field

_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'


@dataclass(frozen=True, slots=True, eq=False)
class SoapVersion:
    """One version: its names and the bytes around the content of a Body.

    `head` and `tail` enclose the child of the Body in an answer without a Header.
    """

    name: str
    media_type: str
    namespace: str
    prefix: str
    actor_attribute: str
    actors_that_are_us: frozenset[str]
    envelope_tag: str = field(init=False)
    header_tag: str = field(init=False)
    body_tag: str = field(init=False)
    must_understand: str = field(init=False)
    encoding_style: str = field(init=False)
    content_type: bytes = field(init=False)
    head: bytes = field(init=False)
    tail: bytes = field(init=False)

    def __post_init__(self) -> None:
        qualified = f"{{{self.namespace}}}"
        derived = {
            "envelope_tag": qualified + "Envelope",
            "header_tag": qualified + "Header",
            "body_tag": qualified + "Body",
            "must_understand": qualified + "mustUnderstand",
            "encoding_style": qualified + "encodingStyle",
            "content_type": f"{self.media_type}; charset=utf-8".encode(),
            "head": self.opening(header=b""),
            "tail": f"</{self.prefix}:Body></{self.prefix}:Envelope>".encode(),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def opening(self, *, header: bytes) -> bytes:
        """Everything before the child of the Body; `header` is the content of the Header, none when empty."""
        prefix, namespace = self.prefix.encode(), self.namespace.encode()
        block = b"<%b:Header>%b</%b:Header>" % (prefix, header, prefix) if header else b""
        envelope = b'<%b:Envelope xmlns:%b="%b">' % (prefix, prefix, namespace)
        return b"%b%b%b<%b:Body>" % (_DECLARATION, envelope, block, prefix)


SOAP_11 = SoapVersion(
    name="1.1",
    media_type="text/xml",
    namespace="http://schemas.xmlsoap.org/soap/envelope/",
    prefix="soap",
    actor_attribute="{http://schemas.xmlsoap.org/soap/envelope/}actor",
    actors_that_are_us=frozenset({"", "http://schemas.xmlsoap.org/soap/actor/next"}),
)

SOAP_12 = SoapVersion(
    name="1.2",
    media_type="application/soap+xml",
    namespace="http://www.w3.org/2003/05/soap-envelope",
    prefix="env",
    actor_attribute="{http://www.w3.org/2003/05/soap-envelope}role",
    actors_that_are_us=frozenset(
        {
            "",
            "http://www.w3.org/2003/05/soap-envelope/role/next",
            "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
        }
    ),
)

BY_MEDIA_TYPE = {version.media_type: version for version in (SOAP_11, SOAP_12)}
