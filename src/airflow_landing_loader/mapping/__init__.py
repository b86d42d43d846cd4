"""What the user wrote: the mapping model, its reader with file:line:column errors, JSON Schema."""
