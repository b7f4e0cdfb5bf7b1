"""What is made of a log: the readable timeline and the exports."""
