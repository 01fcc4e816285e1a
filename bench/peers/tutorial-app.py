"""Two-step login as tutorials of FastAPI and pyotp show it: users in memory, bcrypt, a code after the password."""

import os
import secrets

import bcrypt
import pyotp
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

COST = int(os.environ["PEER_COST"])

app = FastAPI()
users = {}
pending = {}
sessions = {}


class Credentials(BaseModel):
    username: str
    password: str


class Code(BaseModel):
    token: str
    code: str


@app.post("/register")
def register(body: Credentials):
    hashed = bcrypt.hashpw(body.password.encode(), bcrypt.gensalt(COST))
    secret = pyotp.random_base32()
    users[body.username] = {"hash": hashed, "secret": secret}
    return {"otpauth_uri": pyotp.TOTP(secret).provisioning_uri(body.username, issuer_name="tutorial")}


@app.post("/login")
def log_in(body: Credentials):
    user = users.get(body.username)
    if not user or not bcrypt.checkpw(body.password.encode(), user["hash"]):
        raise HTTPException(401, "wrong name or password")
    token = secrets.token_urlsafe(32)
    pending[token] = body.username
    return {"token": token}


@app.post("/verify")
def verify(body: Code):
    username = pending.get(body.token)
    if not username or not pyotp.TOTP(users[username]["secret"]).verify(body.code, valid_window=1):
        raise HTTPException(401, "wrong code")
    del pending[body.token]
    session = secrets.token_urlsafe(32)
    sessions[session] = username
    return {"session": session}
