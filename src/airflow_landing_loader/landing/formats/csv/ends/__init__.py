"""Where the data of a file begin and end: lines above them, lines below, and counts in these."""
