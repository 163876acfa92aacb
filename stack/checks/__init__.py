"""`make test`: every check of this repository, the quick ones first."""
