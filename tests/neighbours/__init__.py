"""Addons of others beside ours: both do what they do alone."""
