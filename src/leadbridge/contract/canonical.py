"""Telling a message sent again from another one."""

import hashlib

from lxml import etree

from leadbridge.contract.files import NAMESPACES

_RECORDS = {
    f"{{{NAMESPACES['lbl']}}}{message}": f"{{{NAMESPACES['lbl']}}}Lead"
    for message in ("LeadBundleMaintainRequest_sync", "LeadBundleMaintainCheckQuery_sync")
}
"""The messages whose records are told apart each for itself, with the name of a record."""


class RelativeNamespace(ValueError):
    """A namespace is a relative address, which canonical XML does not know (its section 1.3): `urn:name` is not."""


def content_hash(payload: etree._Element) -> bytes:
    """Tells a retried message from another one: equal for equal payloads, whatever envelope they came in.

    Exclusive canonical XML takes out what the envelope adds (its namespaces, a WS-Security header, SOAP 1.1
    or 1.2) and how the message was written (order of attributes, quotes, character references). It is C
    code over the tree that is there, cheaper than encoding the decoded message again, and it covers what no
    type knows: the content of an Extension.

    Raises RelativeNamespace.
    """
    try:
        canonical = etree.tostring(payload, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError as error:
        raise RelativeNamespace from error
    return hashlib.blake2b(canonical, digest_size=32).digest()


def record_hashes(payload: etree._Element) -> tuple[bytes, ...]:
    """The `content_hash` of each record of a bundle, in their order; none for any other message.

    Raises RelativeNamespace.
    """
    record = _RECORDS.get(payload.tag)
    return tuple(map(content_hash, payload.iterfind(record))) if record else ()
