"""What a run is given: the commit, the spec, and the options of the command line."""
