"""A run as one page to sign and to send: drawn from the run alone, and checked by drawing it again."""
