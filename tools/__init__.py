"""What keeps the project itself in order: pages written from the code, checks of a release."""
