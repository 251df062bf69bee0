"""What operators look at: running engines, read without stopping them."""
