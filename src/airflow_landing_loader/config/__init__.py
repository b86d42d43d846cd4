"""What people write in YAML, as frozen models; an error knows its file, line and column."""
