"""A plan turned into entries. `decide` says what can be done, `runner` does it; nothing here knows what is real."""
