"""Go files: what a sender says of its data file, read once, never guessed."""
