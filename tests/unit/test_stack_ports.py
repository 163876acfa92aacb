"""Ports: the usual ones, the next free one when taken, the same again at the next start."""

import socket

import pytest

from stack import ports
from stack.errors import StackError


@pytest.fixture
def taken():
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_is_kept(taken):
    chosen, remarks = ports.choose({**ports.USUAL, "public": taken + 1}, [])
    assert chosen["public"] >= taken + 1
    assert not any(str(taken) + " " in remark for remark in remarks)


def test_a_taken_port_is_replaced_and_said(taken):
    chosen, remarks = ports.choose({**ports.USUAL, "public": taken}, [])
    assert chosen["public"] > taken
    assert any(f"port {taken} (public) is taken" in remark for remark in remarks)


def test_no_port_is_given_twice(monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda host, port: True)
    chosen, _remarks = ports.choose(dict.fromkeys(ports.USUAL, 9000), [])
    assert len(set(chosen.values())) == len(ports.USUAL)


def test_every_address_counts(monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda host, port: host != "::1" or port > 9010)
    chosen, _remarks = ports.choose({**ports.USUAL, "public": 9000}, ["::1"])
    assert chosen["public"] == 9011


def test_a_port_with_a_listener_is_not_free(taken):
    assert not ports.is_free("127.0.0.1", taken)


def test_held_ports_are_taken_for_others():
    first, _remarks = ports.choose(ports.USUAL, [])
    with ports.Held(first) as held:
        second, _remarks = ports.choose(ports.USUAL, [])
        assert not set(first.values()) & set(second.values())
        held.release("postgres")
        assert ports.is_free("127.0.0.1", first["postgres"])
        assert not ports.is_free("127.0.0.1", first["manager"])
    assert ports.is_free("127.0.0.1", first["manager"])


def test_a_port_that_was_taken_meanwhile(taken):
    with pytest.raises(StackError, match="was taken"):
        ports.Held({"mail": taken})
