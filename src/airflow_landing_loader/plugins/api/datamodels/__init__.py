"""What goes over HTTP, as models: the edge where JSON becomes values."""
