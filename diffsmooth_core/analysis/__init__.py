"""Looking through runs, comparing two, and why a picture is not certified."""
