"""What looks after notebooks and machines: tidy, doctor, exercises, a pytest plugin.

May import `connection` and the rooms below it.
"""
