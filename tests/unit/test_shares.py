"""Who may have how much of a tenant service: requests of one tenant, and what happens so often."""

import multiprocessing
import time

import pytest
from support import addon_files

ACME, BETA = 7, 2**63 + 5
WORKERS = 3
shares, buckets = (addon_files.load("saas_gateway", name) for name in ("shares", "buckets"))


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def go(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def workers(clock):
    """The shares of three workers at one board."""
    board = shares.Board(8)
    return [shares.Share(board, number, WORKERS, clock, clock.go) for number in range(WORKERS)]


def fill_the_house(workers, clock):
    """Have all workers at slow requests of one tenant that began together."""
    for worker in workers:
        worker.begin(ACME)
    clock.go(5)
    for worker in workers:
        worker.end()


def work_quickly(board, seconds):
    """Be a worker that answers one quick request after the other; in a process of its own."""
    worker = shares.Share(board, 0, 2)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        worker.begin(ACME)
        worker.end()


class TestBoard:
    @pytest.mark.parametrize("slot", [shares.Slot(), shares.Slot(ACME, 1.5, BETA, 2.5)])
    def test_what_a_worker_puts_all_read(self, slot):
        board = shares.Board(3)
        board.put_request(1, slot.tenant, slot.since)
        board.put_watch(1, slot.watched, slot.watched_until)
        assert board.slots_now()[1] == slot
        assert board.slots_now()[0].tenant == board.slots_now()[2].tenant == 0

    def test_what_is_read_half_written_is_never_a_slow_request(self):
        board = shares.Board(2)
        process = multiprocessing.get_context("fork").Process(target=work_quickly, args=(board, 1.0))
        process.start()
        seen, ages = 0, []
        while process.is_alive():
            slot, now = board.slots_now()[0], time.monotonic()
            seen += slot.tenant == ACME
            ages.append(now - slot.since if slot.tenant == ACME else 0.0)
        process.join()
        assert seen > 100
        assert max(ages) < 1.0


class TestShares:
    def test_young_requests_may_have_all_workers(self, workers, clock):
        for worker in workers:
            assert worker.admits(ACME)
            worker.begin(ACME)
            clock.go(0.1)

    def test_the_last_worker_is_kept_from_slow_ones(self, workers, clock):
        first, second, last = workers
        first.begin(ACME)
        second.begin(ACME)
        assert last.admits(ACME)
        clock.go(shares.OLD)
        assert not last.admits(ACME)
        assert last.admits(BETA)

    def test_what_a_cold_start_takes_does_not_count(self, workers, clock):
        first, second, last = workers
        for worker in (first, second):
            worker.begin(ACME)
            worker.pause()
        clock.go(10)
        assert last.admits(ACME)
        for worker in (first, second):
            worker.resume()
        clock.go(shares.OLD)
        assert not last.admits(ACME)

    def test_one_that_is_done_makes_room(self, workers, clock):
        first, second, last = workers
        first.begin(ACME)
        second.begin(ACME)
        clock.go(shares.OLD)
        first.end()
        assert last.admits(ACME)

    def test_slow_ones_that_began_together_do_so_once(self, workers, clock):
        fill_the_house(workers, clock)
        first, second, last = workers
        first.begin(ACME)
        assert second.admits(ACME)
        second.begin(ACME)
        assert not last.admits(ACME), "young, but it has had the whole house a moment ago"
        assert last.admits(BETA)

    def test_the_watch_ends_when_it_is_quiet(self, workers, clock):
        fill_the_house(workers, clock)
        first, second, last = workers
        clock.go(shares.WATCHED + 1)
        first.begin(ACME)
        second.begin(ACME)
        assert last.admits(ACME)

    def test_the_watch_goes_on_while_it_is_slow(self, workers, clock):
        fill_the_house(workers, clock)
        first, second, last = workers
        clock.go(shares.WATCHED - 10)
        first.begin(ACME)
        clock.go(5)
        first.end()
        clock.go(shares.WATCHED - 1)
        first.begin(ACME)
        second.begin(ACME)
        assert not last.admits(ACME)

    def test_a_watched_tenant_loads_its_pages(self, workers, clock):
        fill_the_house(workers, clock)
        first, second, last = workers
        first.begin(ACME)
        second.begin(ACME)
        last._sleep = lambda seconds: (clock.go(seconds), first.end())
        assert last.admits(ACME)

    def test_nobody_waits_for_a_request_that_takes_its_time(self, workers, clock):
        fill_the_house(workers, clock)
        first, second, last = workers
        first.begin(ACME)
        second.begin(ACME)
        clock.go(shares.YOUNG)
        before = clock.now
        assert not last.admits(ACME)
        assert clock.now == before

    def test_full_houses_of_two_tenants_are_nobodys_fault(self, workers, clock):
        first, second, last = workers
        first.begin(ACME)
        second.begin(ACME)
        last.begin(BETA)
        clock.go(5)
        for worker in workers:
            worker.end()
        first.begin(ACME)
        second.begin(ACME)
        assert last.admits(ACME)

    def test_what_a_dead_worker_was_at_is_forgotten(self, workers, clock):
        first, second, last = workers
        first.begin(ACME)
        second.begin(ACME)
        clock.go(10)
        again = shares.Share(first.board, 0, WORKERS, clock, clock.go)
        assert last.admits(ACME)
        again.begin(ACME)
        clock.go(10)
        assert not last.admits(ACME)

    def test_a_single_worker_serves_all_the_same(self, clock):
        only = shares.Share(shares.Board(1), 0, 1, clock, clock.go)
        assert only.admits(ACME)
        only.begin(ACME)
        clock.go(5)
        only.end()
        assert only.admits(ACME)


class TestBuckets:
    def test_a_burst_then_the_rate(self, clock):
        made = buckets.Buckets(10, 3, clock)
        assert [made.take("acme") for _ in range(4)] == [True, True, True, False]
        clock.go(0.1)
        assert [made.take("acme") for _ in range(2)] == [True, False]

    def test_each_name_has_its_own(self, clock):
        made = buckets.Buckets(10, 1, clock)
        assert made.take("acme")
        assert not made.take("acme")
        assert made.take("beta")

    def test_full_ones_are_forgotten(self, clock):
        made = buckets.Buckets(10, 1, clock)
        for number in range(100):
            made.take(f"tenant{number}")
            clock.go(1)
        assert len(made) == 1
