"""The words marsad speaks.

Knows: sources, articles, matches, stories, notices, deliveries and the error
tree, as frozen values. Never knows: the clock, the network, SQL, YAML.
Every other room imports this one; it imports the standard library only.
"""
