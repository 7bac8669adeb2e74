"""What started a job, read once, and what the accounts behind it may do."""
