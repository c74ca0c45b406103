"""What no setting can say."""

import itertools

import schemathesis

TOKEN = "/v1/oauth/token"
KEY = "Basic ZGVtbzpkZW1vLXNlY3JldA=="  # demo:demo-secret
CLIENTS = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """A token is given for a key and its secret, everything else for the token."""
    if case.operation.path == TOKEN and case.headers.get("Authorization", "").startswith("Bearer "):
        case.headers["Authorization"] = KEY
    # Made-up keys and tokens fail, and so often only if they come from many addresses.
    if case.operation.path.startswith("/v1/oauth/"):
        client = next(CLIENTS)
        case.headers["X-Forwarded-For"] = f"2001:db8:{client >> 16:x}:{client & 0xFFFF:x}::1"
