"""Our own tables: what they are, and how their rows are made."""
