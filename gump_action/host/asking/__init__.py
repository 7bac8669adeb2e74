"""What people ask of us in comments, labels and dispatches, and what is remembered of it."""
