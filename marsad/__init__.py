"""The application: config, wiring, daemon, command line.

Knows: every room's front door. Never knows: anyone's insides. The one place where
the rooms meet; ``marsad.house`` is the composition root.
"""
