"""How an event becomes the spec of a run."""
