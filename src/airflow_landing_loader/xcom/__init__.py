"""What tasks hand on to each other: keys, values, batches, text."""
