"""From files that nobody has described to mappings that load them, each with what is unsure."""
