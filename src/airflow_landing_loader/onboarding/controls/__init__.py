"""From go files to what they say of their data files, and where."""
