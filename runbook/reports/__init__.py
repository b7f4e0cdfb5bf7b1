"""What is made of a log: the readable timeline, the exports, the scores."""
