"""Logs for people."""

from stack import logs

LINE = "2026-01-31 12:00:00,123 4711 WARNING acme odoo.addons.base: \x1b[1mtext\x1b[0m"


def test_a_line_of_odoo_is_shortened(monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert logs.readable("manager", LINE) == "manager  | 12:00:00 WARNING acme odoo.addons.base text"


def test_other_lines_stay():
    assert logs.readable("mail", "hello").endswith("| hello")


def test_a_log_is_followed_past_its_rotation(tmp_path):
    path = tmp_path / "manager.log"
    path.write_text("old\n")
    file = logs.LogFile(path)
    assert file.new_lines() == []
    with path.open("a") as log:
        log.write("one\ntw")
    assert file.new_lines() == ["one"]
    with path.open("a") as log:
        log.write("o\n")
    assert file.new_lines() == ["two"]
    path.rename(tmp_path / "manager.log.1")
    path.write_text("three\n")
    assert file.new_lines() == ["three"]


def test_the_last_lines_come_first(tmp_path):
    path = tmp_path / "manager.log"
    path.write_text("".join(f"line {number}\n" for number in range(1000)))
    assert logs.LogFile(path, last=2).new_lines() == ["line 998", "line 999"]
