"""Which file belongs to which mapping, and whether it is at rest."""
