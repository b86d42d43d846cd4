"""Where the tables are; each warehouse has a room, and none knows another."""
