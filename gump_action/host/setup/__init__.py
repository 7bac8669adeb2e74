"""What a machine and a repository need before runs can begin, and what of it is missing."""
