"""The composition root: the only room that knows every other one. `run`, `ingest` and `stats` are its verbs."""
