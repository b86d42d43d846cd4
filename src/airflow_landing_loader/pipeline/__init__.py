"""One delivery from landing to archive or failed, every step callable alone."""
