"""One YAML file as a tree that knows its lines, whatever the file is about."""
