"""Our addons as wheels, as they would be on a package index."""
