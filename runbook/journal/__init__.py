"""The action log: facts sealed into a hash chain, and the store that keeps them."""
