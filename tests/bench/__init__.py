"""Benchmarks of the running stack."""
