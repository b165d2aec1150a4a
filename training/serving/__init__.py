"""A small model behind HTTP, for trying it: what is asked, the model, the server."""
