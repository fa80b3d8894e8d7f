"""What only times things: used by `bench` and by benchmarks/, never by a certificate."""
