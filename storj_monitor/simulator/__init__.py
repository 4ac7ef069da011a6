"""Nodes that do not exist: real-format logs for the demo, for tests and for benchmarks, the same for the same seed."""
