"""From names to patterns with named parts; pure."""
