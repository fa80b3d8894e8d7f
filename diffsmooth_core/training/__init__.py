"""Training, as for the bundled networks: a file for each task or objective, and one loop that runs them."""
