"""How a result gets to where it goes, within one job or from one to another."""
