"""A contingency plan made executable: playbooks, the runner that works them, and the log of what was done."""
