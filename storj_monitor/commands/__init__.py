"""What runs once: the commands that are over when their work is done."""
