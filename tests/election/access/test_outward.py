"""Addresses that somebody else names: only plain ones of public hosts are asked."""

import pytest

from election.access.outward import is_public, numeric, plain_parts
from election.access.webhooks import WebhookError, checked_url


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
     "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0",
     "fc00::1",
     "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:7f00:1::",
     "2002:a00:1::", "2001:0:0:0:0:0:f5ff:fffe", "2001:db8::1", "name", ""],
)  # fmt: skip
def test_what_is_no_public_address(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_what_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f000001/",
     "https://0177.0.0.1/", "https://127.1/", "https://user:pass@example.org/", "https://user@example.org",
     "https://localhost/", "https://intranet/", "https:///x", "https://exa mple.org", "https://example.org\\@x/",
     "https://example.org:0/", "https://exam\tple.org/", "ftp://example.org", "https://exämple.org/", "",
     "https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/", "https://127.0.0.1./",
     "https://example.org/" + "x" * 2_000],
)  # fmt: skip
def test_what_no_webhook_is_sent_to(url: str) -> None:
    with pytest.raises(WebhookError):
        checked_url(url)


@pytest.mark.parametrize(
    "url", ["https://example.org", "https://hooks.example.org:8443/a/b?c=d", "https://8.8.8.8/x"]
)
def test_what_one_may_be(url: str) -> None:
    assert checked_url(f" {url} ") == url


def test_a_host_that_may_be_read_as_an_address_is_numeric() -> None:
    assert all(map(numeric, ("1.2.3.4", "0x7f.1", "127.1", "2130706433", "::1", "1.2.3.4.")))
    assert not any(map(numeric, ("example.org", "1.example.org", "x0")))
    assert plain_parts("https://example.org/x") is not None
