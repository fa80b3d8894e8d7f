class InputError(ValueError):
    """Bad input from a person: one sentence that names the value and the remedy."""
