"""Models of customer lifetime in plain Python: no database, no further library."""
