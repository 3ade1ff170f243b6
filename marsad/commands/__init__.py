"""The commands, a module a subject. Each opens only what it needs, so that it starts fast."""
