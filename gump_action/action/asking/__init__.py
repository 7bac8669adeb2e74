"""What an event asks for: whether it may, what is known of it, and the doing."""
