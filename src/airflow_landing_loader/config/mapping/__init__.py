"""Table mappings: the models, their reader, their JSON Schema."""
