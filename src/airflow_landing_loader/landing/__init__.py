"""Files at rest: zones, deliveries, go files, trailers, moves and the one-pass inspection."""
