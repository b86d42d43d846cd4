"""How a file proves itself: go file, trailer, counts."""
