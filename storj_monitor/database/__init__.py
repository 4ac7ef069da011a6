"""The embedded SQLite store: exact history, written by one thread, read by a few."""
