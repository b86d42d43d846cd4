"""Which dialect a file is written in."""
