"""What can be wrong with a delivery of a mapping, and what has to become of it."""
