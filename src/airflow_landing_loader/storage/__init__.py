"""Where files lie: folders and buckets. Nothing is overwritten, no link is followed."""
