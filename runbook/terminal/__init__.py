"""Talking with people at a terminal: plain lines, one under the other; rich is used here and nowhere else."""
