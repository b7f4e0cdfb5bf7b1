"""The commands, one a file. The only place that joins real parts."""
