"""Frozen, typed words of the domain. No input or output happens here."""
