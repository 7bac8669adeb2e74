"""What a run says while it goes on: lines, a table, annotations of its host run."""
