"""The header record: its names, what was promised of it, where it comes again."""
