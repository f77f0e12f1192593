"""A random walk over everything that people do: its operations, and what must hold after them."""
