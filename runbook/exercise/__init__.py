"""Rehearsing: what stands in the place of the real channels, eye and clock."""
