"""The Timestamp of a Security header: when the message was made, and until when it is good.

Sources: SOAP Message Security 1.1 section 10; WS-I Basic Security Profile 1.1 section 7 (one Created, at most one
Expires, in this order, nothing else).
"""

from datetime import datetime

from lxml import etree

from leadbridge.signatures.names import WSU
from leadbridge.soap.security.codes import INVALID_SECURITY, unauthenticated
from leadbridge.soap.security.freshness import Freshness, expired, moment

CREATED = f"{{{WSU}}}Created"
_EXPIRES = f"{{{WSU}}}Expires"


def check_timestamp(timestamp: etree._Element, *, freshness: Freshness, now: datetime) -> None:
    """Refuse a message that is not good any more, or not yet. Raises Refusal.

    `Expires` is the sender's own word and holds to the moment; without it the window decides.
    """
    if [child.tag for child in timestamp] not in ([CREATED], [CREATED, _EXPIRES]):
        raise unauthenticated("A Timestamp has one Created, and after it at most one Expires.", INVALID_SECURITY)
    created = moment(timestamp[0].text)
    if len(timestamp) == 1:
        freshness.check(created, now=now)
        return
    expires = moment(timestamp[1].text)
    if expires <= created:
        raise unauthenticated("The Expires of a Timestamp must be later than its Created.", INVALID_SECURITY)
    if expires <= now:
        raise expired()
    freshness.refuse_future(created, now=now)
