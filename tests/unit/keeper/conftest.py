"""What the tests of the keeper share."""

from support.keeping import answering, keeper, one, stack  # noqa: F401 - fixtures
