"""The web page: what the store holds, for people who would rather look than read.

It knows HTTP, HTML and three interface languages; it reads through ``storage``'s calls and
writes no more than an analyst's judgements. It never knows how an article was collected or
judged. ``marsad web`` and the daemon call it.
"""
