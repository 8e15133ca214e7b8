"""The page of an audit, and its verdict in words."""
