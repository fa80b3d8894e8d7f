"""Many certificates: the store, batch runs, logs in and out, and why a picture is not certified."""
