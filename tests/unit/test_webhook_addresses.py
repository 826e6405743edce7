"""Which addresses and URLs a webhook may have."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from leadbridge.webhooks.addresses import LONGEST_URL, AddressPolicy, UrlNotAllowed
from leadbridge.webhooks.signing import SecretInvalid, key_of, new_secret

PUBLIC = AddressPolicy()
LOOPBACK = AddressPolicy(allow_loopback=True)
INSIDE = AddressPolicy(allowed_networks=[ip_network("10.20.0.0/16"), ip_network("fd00:1::/32")])


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1"),
        # Of IPv6, what is no global unicast: site-local, local-use NAT64, compatible and translated IPv4, and more.
        *("fec0::1", "feff::1", "64:ff9b:1::a9fe:a9fe", "64:ff9b:1::808:808", "::127.0.0.1", "::8.8.8.8"),
        *("::ffff:0:7f00:1", "::ffff:0:808:808", "1fff:ffff::1", "4000::1", "5f00::1", "100::1"),
        *("3fff::1", "3fff:fff:ffff::1"),
    ],
)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not PUBLIC.allows(address, scheme="https")
    assert not PUBLIC.allows(address, scheme="http")


@pytest.mark.parametrize(
    "address",
    [
        *("93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:2800:21f::1", "::ffff:8.8.8.8", "64:ff9b::808:808"),
        *("2003::1", "3ffe::1", "3fff:1000::1", "2002:808:808::1"),
    ],
)
def test_what_is_public_is_called_with_tls_alone(address: str) -> None:
    assert PUBLIC.allows(address, scheme="https")
    assert not LOOPBACK.allows(address, scheme="http")


def test_a_site_may_allow_networks_of_its_own() -> None:
    for address, allowed in (
        ("10.20.0.1", True),
        ("::ffff:10.20.0.1", True),
        ("10.21.0.1", False),
        ("fd00:1::5", True),
        ("fd00:2::5", False),
        ("127.0.0.1", False),
    ):
        assert INSIDE.allows(address, scheme="https") is allowed
        assert not INSIDE.allows(address, scheme="http")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_development_may_call_this_machine_without_tls(address: str) -> None:
    assert LOOPBACK.allows(address, scheme="http")
    assert LOOPBACK.allows(address, scheme="https")
    assert not LOOPBACK.allows("10.0.0.1", scheme="https")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://93.184.215.14/",
            "ftp://93.184.215.14/",
            "//93.184.215.14/",
            "https://",
            "https:///x",
            "93.184.215.14",
        ),
        *("https://user@93.184.215.14/", "https://user:pass@93.184.215.14/", "https://93.184.215.14/#x", ""),
        *(
            "https://93.184.215.14:99999/",
            "https://93.184.215.14/ x",
            "https://93.184.215.14/\r\nX: y",
            "https://ä.example/",
        ),
        *("https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/", "https://127.1/"),
        *("https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/meta-data", "https://[fe80::1%25lo]/"),
        "https://93.184.215.14/" + "x" * (LONGEST_URL - 21),
    ],
)
def test_such_urls_no_webhook_has(url: str) -> None:
    with pytest.raises(UrlNotAllowed) as refused:
        PUBLIC.check(url)
    assert len(url) < 10 or url not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        *("https://93.184.215.14/", "https://93.184.215.14:8443/a?b=c", "https://nowhere.invalid/"),
        "https://93.184.215.14/" + "x" * (LONGEST_URL - 22),
    ],
)
def test_such_urls_a_webhook_may_have(url: str) -> None:
    PUBLIC.check(url)


def test_a_secret_has_24_to_64_bytes() -> None:
    assert len(key_of(new_secret())) == 32
    assert key_of("whsec_" + "A" * 32) == bytes(24)
    for wrong in (
        "",
        "whsec_",
        "A" * 32,
        "whsec_" + "A" * 28,
        "whsec_" + "A" * 88,
        "whsec_" + "A" * 31,
        "whsec_" + "ä" * 32,
    ):
        with pytest.raises(SecretInvalid):
            key_of(wrong)
