"""One flow with each of the usual OAuth 2.0 clients of Python and its defaults: python flow.py ORIGIN"""

import sys

import httpx
import requests
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

origin = sys.argv[1]
ID, SECRET = "sandbox", "sandbox-secret"
# A number that passes without the browser.
MILO = "2001001695"


def flow(post):
    """Calls Start and Validate with the access token of a session."""
    started = post(f"{origin}/v3/start", json={"flowType": "mobile", "phoneNumber": MILO})
    assert started.status_code == 200, started.text
    validated = post(f"{origin}/v3/validate", json={"correlationId": started.json()["correlationId"]})
    assert validated.status_code == 200 and validated.json()["success"] is True, validated.text


def requests_oauthlib():
    session = OAuth2Session(client=BackendApplicationClient(client_id=ID))
    session.fetch_token(f"{origin}/token", client_id=ID, client_secret=SECRET)
    flow(session.post)


def requests_oauthlib_in_the_form():
    session = OAuth2Session(client=BackendApplicationClient(client_id=ID))
    session.fetch_token(f"{origin}/token", client_secret=SECRET, include_client_id=True)
    flow(session.post)


def requests_oauthlib_reads_a_refusal():
    session = OAuth2Session(client=BackendApplicationClient(client_id=ID))
    try:
        session.fetch_token(f"{origin}/token", auth=HTTPBasicAuth(ID, "wrong"))
    except InvalidClientError as error:
        assert error.description == "no, wrong or expired credentials", error
    else:
        raise AssertionError("a wrong secret was taken")


def authlib_with_requests():
    session = AuthlibSession(ID, SECRET)
    session.fetch_token(f"{origin}/token", grant_type="client_credentials")
    flow(session.post)


def authlib_with_httpx():
    with OAuth2Client(ID, SECRET, token_endpoint_auth_method="client_secret_post") as client:
        client.fetch_token(f"{origin}/token", grant_type="client_credentials")
        flow(client.post)


def bare_requests():
    reply = requests.post(f"{origin}/token", data={"grant_type": "client_credentials"}, auth=(ID, SECRET))
    token = reply.json()["access_token"]
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    flow(session.post)


def bare_httpx():
    reply = httpx.post(f"{origin}/token", data={"grant_type": "client_credentials"}, auth=(ID, SECRET))
    with httpx.Client(headers={"Authorization": f"Bearer {reply.json()['access_token']}"}) as client:
        flow(client.post)


CLIENTS = [
    requests_oauthlib,
    requests_oauthlib_in_the_form,
    requests_oauthlib_reads_a_refusal,
    authlib_with_requests,
    authlib_with_httpx,
    bare_requests,
    bare_httpx,
]
for client in CLIENTS:
    client()
    print(client.__name__)
