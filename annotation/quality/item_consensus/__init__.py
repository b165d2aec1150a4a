"""What the judgments of one item say together, worked out when somebody looks."""
