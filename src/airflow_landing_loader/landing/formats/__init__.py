"""What is in a file, witnessed without any engine: a room for each format."""
