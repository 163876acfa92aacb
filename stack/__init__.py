"""What `make demo` and `make test` need: finding the programs, starting them, looking after them.

Runs on the machine's own Python, before any virtual environment exists: standard library only.
"""
