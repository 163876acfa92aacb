"""Ports: the usual ones, the next free one when taken, the same again at the next start."""

import socket

import pytest

from stack import ports


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
