"""What a proxy in front says of a caller, and from whom it is believed."""

from __future__ import annotations

import base64
from ipaddress import ip_network
from typing import Any
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from leadbridge.authentication.evidence import Certificate
from leadbridge.authentication.proxies import Proxies, address_of, certificates_of

DER = bytes(range(256)) * 3
PEM = "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(DER).decode() + "-----END CERTIFICATE-----\n"
ESCAPED = quote(PEM)
TRUSTED = [ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48")]


def applied(
    peer: str, *headers: tuple[str, str], header: str | None = "X-SSL-Client-Cert", trusted: Any = TRUSTED
) -> Any:
    scope = {"client": (peer, 1), "headers": [(name.encode(), value.encode()) for name, value in headers]}
    Proxies(trusted, client_certificate_header=header).apply(scope)
    return scope


@pytest.mark.parametrize(
    ("peer", "hops", "address"),
    [
        ("10.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("10.255.255.255", ["192.0.2.7"], "192.0.2.7"),
        ("11.0.0.0", ["192.0.2.7"], "11.0.0.0"),  # the first address that is not trusted
        ("::ffff:10.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("2001:db8:1::5", ["2001:db8:2::1"], "2001:db8:2::1"),
        ("10.0.0.1", ["192.0.2.7, 10.0.0.2"], "192.0.2.7"),
        ("10.0.0.1", ["192.0.2.7", "10.0.0.2"], "192.0.2.7"),  # two headers are one list
        ("10.0.0.1", ["198.51.100.9, 192.0.2.7, 10.0.0.2"], "192.0.2.7"),  # before it, anybody may have written
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["192.0.2.7:4711"], "192.0.2.7"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.1", ["unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
    ],
)
def test_the_address_is_the_last_hop_that_is_no_proxy_of_ours(peer: str, hops: list[str], address: str) -> None:
    assert address_of(applied(peer, *(("x-forwarded-for", hop) for hop in hops))) == address


def test_a_certificate_is_taken_as_nginx_sends_it() -> None:
    assert certificates_of(applied("10.0.0.1", ("x-ssl-client-cert", ESCAPED))) == [Certificate(DER)]


def test_no_certificate_is_none_and_a_damaged_one_is_nobodys() -> None:
    assert certificates_of(applied("10.0.0.1")) == []
    assert certificates_of(applied("10.0.0.1", ("x-ssl-client-cert", ""))) == []
    for damaged in ("x", ESCAPED[:-9], quote(PEM.replace("AAEC", "A*C")), "%80", "A" * 20_000):
        assert certificates_of(applied("10.0.0.1", ("x-ssl-client-cert", damaged))) == [Certificate(b"")]
    two = applied("10.0.0.1", ("x-ssl-client-cert", ESCAPED), ("x-ssl-client-cert", "x"))
    assert certificates_of(two) == [Certificate(DER), Certificate(b"")]


@pytest.mark.parametrize("trusted", [TRUSTED, []])
def test_from_anybody_else_it_means_nothing_and_is_said_once(trusted: Any) -> None:
    headers = [(b"x-ssl-client-cert", ESCAPED.encode()), (b"x-forwarded-for", b"10.9.9.9")]
    proxies = Proxies(trusted, client_certificate_header="X-SSL-Client-Cert")
    with capture_logs() as lines:
        for _ in range(3):
            scope: dict[str, Any] = {"client": ("192.0.2.1", 1), "headers": headers}
            proxies.apply(scope)
            assert certificates_of(scope) == []
            assert address_of(scope) == "192.0.2.1"
    assert len([line for line in lines if "proxy" in line["event"]]) == 1
    assert ESCAPED not in str(lines)


def test_without_the_setting_there_is_no_mutual_tls() -> None:
    assert certificates_of(applied("10.0.0.1", ("x-ssl-client-cert", ESCAPED), header=None)) == []
