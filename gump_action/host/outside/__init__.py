"""Text that strangers wrote: cleaned, fenced, and read for what they say in their own words."""
