"""The command line, JupyterLab and Voilà, the tutorials, live recording.

May import every room. Nothing imports it.
"""
