"""How full is full: the levels of a limit that people hear of."""

NEAR = 80  # percent: time to think about it
NEARLY_FULL = 95
FULL = 100
LEVELS = (NEAR, NEARLY_FULL, FULL)
MAILED = (NEAR, NEARLY_FULL)  # what happens at the last one was said at the one before


def reached(percent):
    """Return the highest level that a use has reached, 0 below the first."""
    return max((level for level in LEVELS if percent >= level), default=0)


def mail_for(before, level):
    """Return the level that the customer hears of by mail when use rises, or None.

    :param int before: the level that it was at; after a fall that is the lower one, so that a new rise is told again
    :param int level: the level now. Of several that were passed at once only the highest is told.
    """
    return max((each for each in MAILED if before < each <= level), default=None)
