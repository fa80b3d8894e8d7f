"""Timing code, used by the command `bench` and by benchmarks/. No certificate depends on it."""
