"""Two managers on one database: queue_job's runner that leads holds an advisory lock, the other one waits for it.

PostgreSQL gives the lock back when the leader's session ends. A process that is killed ends it at once. One that
hangs, or whose machine is cut off, would keep it for hours: so the leader gives a sign of life every few seconds, and
PostgreSQL ends its session when there was none. queue_job has no hook for this: two of its functions are wrapped.
"""

import time

from odoo.addons.queue_job.jobrunner import channels, runner

WAKE_SECONDS = 5  # also how often dead jobs are looked for
SILENCE_SECONDS = 15
OPTIONS = {
    # A session that is idle for longer has no leader behind it any more.
    "idle_session_timeout": f"{SILENCE_SECONDS}s",
    # The same for a machine that is gone without a word.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
}


def install():
    """Wrap how the runner connects and how long it sleeps, once."""
    if getattr(runner._connection_info_for, "is_saas_runner", False):
        return
    connection_info_for = runner._connection_info_for
    get_wakeup_time = channels.ChannelManager.get_wakeup_time

    def info_with_timeouts(db_name):
        options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
        return {**connection_info_for(db_name), "options": options, "tcp_user_timeout": SILENCE_SECONDS * 1000}

    def soon(manager):
        latest = time.time() + WAKE_SECONDS
        return min(get_wakeup_time(manager) or latest, latest)

    info_with_timeouts.is_saas_runner = True
    runner._connection_info_for = info_with_timeouts
    channels.ChannelManager.get_wakeup_time = soon
