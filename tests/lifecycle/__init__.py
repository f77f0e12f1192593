"""Our addons' life in a database: they come, are upgraded, and leave."""
