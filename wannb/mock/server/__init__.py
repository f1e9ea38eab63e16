"""The mock service as a function from request to response (`app`), and its socket (`http`).

May import `wannb.mock.exchange`, `recordings` (to replay them), `drawing` (when an image is downloaded), and `files`,
`masking` and `png` of the package's root; nothing else, so that no mistake of the client is shared.
"""
