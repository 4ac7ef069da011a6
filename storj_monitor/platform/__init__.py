"""What the operating system is asked, and told: memory, open files, the process's own log."""
