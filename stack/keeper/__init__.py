"""The keeper of dedicated runtimes: it has the right to start processes, and starts what the manager wants.

The manager writes values into a folder (`saas_engine/runtime_wanted.py`); commands are made here, from the code of the
installation alone.
"""
