"""What of a result may be published, where it goes, and what became of it."""
