"""The revisions of the schema, oldest first. A revision that was published is never edited."""
