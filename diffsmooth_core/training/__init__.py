"""How the bundled networks were made: one file a task or an objective, on one loop."""
