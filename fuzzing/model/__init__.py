"""Models: what the code should do, written to be seen to be right and not to be fast."""
