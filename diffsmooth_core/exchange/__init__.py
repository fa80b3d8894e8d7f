"""Runs and published numbers in and out: certification logs, whole runs as a file, tables."""
