"""What counts as outside, for connections that a tenant asks for."""

import ipaddress
import socket

import psutil
import pytest
from support import addon_files

outside = addon_files.load("saas_gateway", "outside")


def is_outside(address, port=443, allowed=""):
    return outside.is_outside(ipaddress.ip_address(address), port, outside.parse(allowed))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_the_internet_is_outside(address):
    assert is_outside(address)
    assert is_outside(address, 25)


INSIDE = {
    "loopback": ["127.0.0.1", "127.8.9.10", "::1"],
    "this host": ["0.0.0.0", "::"],  # noqa: S104 - connecting there reaches this machine
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "fc00::1"],
    "a cloud's metadata": ["169.254.169.254", "fe80::1", "100.100.100.200"],
    "carrier grade": ["100.64.0.1"],
    "multicast and broadcast": ["224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255"],
    "reserved": ["240.0.0.1", "192.0.2.1", "198.18.0.1"],
    "an IPv4 address inside an IPv6 one": [
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a00:1::1",
    ],
}


@pytest.mark.parametrize("address", [each for addresses in INSIDE.values() for each in addresses])
def test_inside(address):
    assert not is_outside(address)


def test_own_public_address_is_a_website_and_nothing_else(monkeypatch):
    own = [psutil._common.snicaddr(socket.AF_INET, "93.184.216.99", None, None, None)]
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0": own})
    outside._own_addresses.cache_clear()
    assert is_outside("93.184.216.99", 443)
    assert not is_outside("93.184.216.99", 5432)
    assert is_outside("93.184.216.98", 5432)
    outside._own_addresses.cache_clear()


def test_what_the_operator_allows():
    allowed = "10.0.0.25:587, 192.168.7.0/24, [fd00::1]:993,fd00::2"
    assert is_outside("10.0.0.25", 587, allowed)
    assert not is_outside("10.0.0.25", 25, allowed)
    assert is_outside("192.168.7.9", 1, allowed)
    assert not is_outside("192.168.8.9", 1, allowed)
    assert is_outside("fd00::1", 993, allowed) and not is_outside("fd00::1", 25, allowed)
    assert is_outside("fd00::2", 25, allowed)


def test_a_name_that_the_operator_allows():
    assert is_outside("127.0.0.1", 25, "localhost:25")
    assert not is_outside("127.0.0.1", 26, "localhost:25")


def test_a_name_that_leads_nowhere_allows_nothing(caplog):
    assert not is_outside("10.0.0.1", 25, "no-such-host.invalid:25")
    assert "is not found" in caplog.text


@pytest.mark.parametrize("text", ["10.0.0.1:x", "10.0.0.1:0", "10.0.0.1:70000", "a/b", ":25", "[x:y]"])
def test_what_is_no_setting(text):
    with pytest.raises(ValueError, match="no usable port|no name, address or network"):
        outside.parse(text)
