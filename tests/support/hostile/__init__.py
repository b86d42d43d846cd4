"""Input that wants to break something: files, names, dialects, notes, swaps."""
