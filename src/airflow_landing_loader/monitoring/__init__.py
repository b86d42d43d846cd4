"""What arrived and what did not, and why: for a person, the command line and programs."""
