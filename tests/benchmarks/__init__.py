"""Competitors interleaved in one process, printed as ratios.

    python -m tests.benchmarks              everything
    python -m tests.benchmarks routes page  the named ones only

These machines are noisy: only ratios of one run mean anything, and no test asserts one.
"""
