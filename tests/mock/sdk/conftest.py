"""Keep pytest out of the script: it is run by the SDK's own interpreter, through test_sdk.py."""

collect_ignore = ["check_sdk.py"]
