"""The peer of the suite `http`: one route of a FastAPI service, guarded by PyJWT and slowapi.

The limit is so high that nothing is refused: what is measured is the work of asking, not of refusing.
"""

import os
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from slowapi import Limiter
from slowapi.util import get_remote_address

SECRET = os.environ["MCP_JWT_SECRET"]

app = FastAPI()
limiter = Limiter(key_func=get_remote_address)
app.state.limiter = limiter
bearer = HTTPBearer()

ANSWER = [{"name": "filesystem", "status": "connected"}]


def get_current_user(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> dict:
    try:
        claims = jwt.decode(credentials.credentials, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError as error:
        raise HTTPException(status_code=401, detail="Could not validate credentials") from error
    if claims.get("token_type") != "access":
        raise HTTPException(status_code=401, detail="Could not validate credentials")
    return claims


@app.get("/plain")
async def plain() -> list[dict]:
    return ANSWER


@app.get("/guarded")
@limiter.limit("1000000/second")
async def guarded(request: Request, user: Annotated[dict, Depends(get_current_user)]) -> list[dict]:
    return ANSWER
