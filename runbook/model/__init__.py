"""The nouns. Frozen, without input or output; they can be read and tested with the network unplugged."""
