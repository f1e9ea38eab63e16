"""The mock service as a function from request to response, and its socket."""
