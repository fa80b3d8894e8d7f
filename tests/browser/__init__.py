"""A package, so that the fixtures of its conftest (app, browser) end with its last test."""
