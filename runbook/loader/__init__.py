"""From files to nouns. Every problem is found at once, and each has its file, line and column."""
