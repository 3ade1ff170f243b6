"""Which articles tell of one event: the trace of a text, the likeness of two, the placing.

Pure functions of texts and values. Knows no rows and no clock; storage keeps the traces and
finds the candidates, the application brings both together.
"""
