"""What a step stands on: its places, its log, the runner's files, the repository on the server."""
