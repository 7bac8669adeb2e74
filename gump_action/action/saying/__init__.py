"""What people get to see of a run: the comment, its changes, the folder of the report."""
