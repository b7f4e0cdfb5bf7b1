"""The ways out: one adapter a file, one registry. Each holds to the same contract suite."""
