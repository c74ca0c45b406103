"""What no setting can say."""

import schemathesis

TOKEN = "/v1/oauth/token"
KEY = "Basic ZGVtbzpkZW1vLXNlY3JldA=="  # demo:demo-secret


@schemathesis.hook
def before_call(context, case, kwargs):
    """A token is given for a key and its secret, everything else for the token."""
    if case.operation.path == TOKEN and case.headers.get("Authorization", "").startswith("Bearer "):
        case.headers["Authorization"] = KEY
