"""What looks after notebooks and machines: tidy, doctor, a pytest plugin.

May import `connection` and the rooms below it.
"""
