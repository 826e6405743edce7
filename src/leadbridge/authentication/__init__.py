"""Who is calling: evidence is read at a door, and `access` turns it into a caller, for all doors alike."""
