"""Two managers that start at once: one prepares the database, the other finds it done."""

import threading
from types import SimpleNamespace

from stack.production import start


def test_one_prepares_the_database_at_a_time(tmp_path, monkeypatch):
    stack = SimpleNamespace(paths=SimpleNamespace(state_file=tmp_path / "state.json"))
    entered, go_on, order = threading.Event(), threading.Event(), []

    def prepare(stack, state):
        if state.get("installed"):
            return order.append("unchanged")
        entered.set()
        assert go_on.wait(10)
        state.set(installed=True)
        return order.append("installed")

    monkeypatch.setattr(start.manager_database, "prepare", prepare)
    threads = [threading.Thread(target=start._prepare_database, args=[stack]) for _ in range(2)]
    threads[0].start()
    assert entered.wait(10)
    threads[1].start()
    threads[1].join(0.3)
    assert threads[1].is_alive() and not order  # it waits
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert order == ["installed", "unchanged"]
