"""Import and export: certification logs, whole runs as one file, tables of published numbers."""
