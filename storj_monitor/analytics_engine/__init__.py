"""Baselines and findings from rollup rows. Pure: no clock, no I/O; what it returns is for others to keep, show and send."""
