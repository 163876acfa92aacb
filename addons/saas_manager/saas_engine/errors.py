"""What can go wrong in the engine. The class tells what to do about it, the message is for people."""


class EngineError(Exception):
    """Something went wrong that time alone will not heal. The message is shown as it is."""


class RetryableError(EngineError):
    """Something that time can heal: a busy template, a server that is away.

    :param message: what happened, in words
    :param seconds: when to try again
    """

    def __init__(self, message, seconds=5):
        super().__init__(message)
        self.seconds = seconds


class InvalidNameError(EngineError):
    """A name that must not reach SQL, a path or a host."""


class ConfigurationError(EngineError):
    """The installation lacks something: a secret, a folder, a right. Says which."""


class NameTakenError(EngineError):
    """A database, folder or host of this name exists and belongs to somebody else."""


class NotOwnerError(EngineError):
    """The server belongs to another manager. Says to which."""


class TemplateNotReadyError(EngineError):
    """The template has no sealed database to clone."""


class DiskFullError(EngineError):
    """No room left. Not retryable: a disk does not empty itself, and every further try would fill it again."""


class BuildError(EngineError):
    """A template could not be built. The message ends with the last lines of the build's log."""


class RestoreError(EngineError):
    """A dump can't become a tenant's database. Says what is wrong with it, to whoever brought it."""


class DropRefusedError(EngineError):
    """Something may not be dropped. Says what stands against it."""


class BackupError(EngineError):
    """A dump could not be made, or the one at hand is not the one that was recorded."""
