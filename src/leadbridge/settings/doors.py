"""The tables of settings about the doors: TLS, proxies in front, failed logins, quotas, the audit journal."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from leadbridge.settings.tables import Count, Seconds, Table, by_caller


def _networks(networks: object) -> object:
    """What the environment says as 10.0.0.0/8,::1, and a file as a list."""
    listed = networks.split(",") if isinstance(networks, str) else networks
    if not isinstance(listed, list | tuple):
        raise ValueError("must be a list of addresses or networks, such as 10.0.0.7 or 10.0.0.0/8")
    try:
        return tuple(ip_network(one.strip()) if isinstance(one, str) else one for one in listed)
    except ValueError:
        raise ValueError("must be addresses or networks without host bits, such as 10.0.0.7 or 10.0.0.0/8") from None


Networks = Annotated[
    tuple[IPv4Network | IPv6Network, ...],
    BeforeValidator(_networks),
    PlainSerializer(lambda networks: [str(one) for one in networks], return_type=list[str]),
]
NotNegative = Annotated[float, Field(ge=0, le=1_000_000)]
Bytes = Annotated[int, Field(ge=0)]


class TlsSettings(Table):
    """TLS of the doors themselves, where no proxy in front has it. At least TLS 1.2 (RFC 9325, section 3.1.1)."""

    certificate_file: str | None = Field(default=None, min_length=1)
    """PEM file of the certificate, followed by those of the authorities between it and a root. None: plain HTTP, for
    loopback, or with a proxy in front."""

    key_file: str | None = Field(default=None, min_length=1)
    """PEM file of its private key, not encrypted: a server starts without anybody to type a password."""

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file belong together: set both or neither")
        return self


class ProxySettings(Table):
    """Proxies in front of us whose word about a caller is taken."""

    trusted_addresses: Networks = ()
    """Addresses from which X-Forwarded-For and the header below are believed. None: whoever reaches us could write
    them. Without it, all callers behind a proxy have its address in the audit journal and for failed logins."""

    client_certificate_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")
    """Header in which such a proxy names the certificate of mutual TLS: PEM, URL-encoded, as nginx's
    $ssl_client_escaped_cert has it. None: there is no mutual TLS. The proxy must set or remove it in every request."""

    @model_validator(mode="after")
    def _from_whom(self) -> Self:
        if self.client_certificate_header and not self.trusted_addresses:
            raise ValueError("client_certificate_header needs trusted_addresses, or anybody could show any certificate")
        return self


class LoginSettings(Table):
    """Failed logins: after how many, further ones are refused unseen, and for how long."""

    failures: Count = 5
    """Failures in a row of one name from one address: people mistype twice, not five times."""

    name_failures: Count = 100
    """Failures of one name from everywhere (NIST SP 800-63B, section 5.2.2, allows no more). What follows is for
    addresses from which it never logged in, so that nobody can lock a partner out from elsewhere."""

    address_failures: Count = 50
    """Failures from one address (of IPv6 its /64), whatever the names: an office or a proxy has many callers. Names
    that logged in from there before are not refused."""

    first_delay_seconds: Seconds = 1
    """The first delay; it doubles with each further failure."""

    longest_delay_seconds: Seconds = 900
    """Ceiling of the delay: a hundred guesses a day, and whoever mistyped too often waits a quarter of an hour."""

    @model_validator(mode="after")
    def _delays_grow(self) -> Self:
        if self.longest_delay_seconds < self.first_delay_seconds:
            raise ValueError("longest_delay_seconds must not be less than first_delay_seconds")
        return self


class QuotaSettings(Table):
    """What each caller may ask of all processes together."""

    calls_per_second: NotNegative = 2_000
    """Calls a second in each group of operations (leads with files of leads, business partners, core CRM). A web site's
    campaign may bring 1,667 leads a second; what is more than a machine answers is a loop gone wild. 0: no quota."""

    burst_seconds: float = Field(default=2, ge=1, le=3_600)
    """How much may come at once: the calls of so many seconds. A client that starts sends what it has gathered."""

    callers: Annotated[dict[str, NotNegative], BeforeValidator(by_caller)] = Field(default_factory=dict)
    """Calls a second for single callers, by their IDs."""

    bulk_bytes_per_day: Bytes = 21_474_836_480
    """Bytes of bulk files and SubmitLeadBulk messages in a day (UTC), as they are sent: five of the largest files. They
    are kept until their job is forgotten, so this is what bounds the disk. 0: no quota."""

    callers_bulk_bytes_per_day: Annotated[dict[str, Bytes], BeforeValidator(by_caller)] = Field(default_factory=dict)
    """The same for single callers, by their IDs."""


class AuditSettings(Table):
    """The audit journal of refusals."""

    keep_days: int = Field(default=90, ge=1, le=3_660)
    """How long a refusal is kept: a quarter, because break-ins are found out late. Addresses are personal data, so not
    for ever."""
