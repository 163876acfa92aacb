"""What stops a command. The message is for the person at the keyboard: what happened and what to do."""


class StackError(Exception):
    """A step could not be done. The message is printed as it is, without a traceback."""
