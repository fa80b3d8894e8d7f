"""What pages share: settings and URL, controls, charts, pictures and runs."""
