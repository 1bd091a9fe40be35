from datetime import datetime, timedelta, UTC
import jwt
import os

def generate_custom_mcp_token(
    user_id: str,
    role: str = "user",
    expiry_hours: int = 1,
    custom_claims: dict = None
) -> str:
    """Generate JWT token with custom claims."""

    secret = os.getenv("MCP_JWT_SECRET")
    if not secret:
        raise ValueError("MCP_JWT_SECRET not set")

    payload = {
        "user_id": user_id,
        "username": user_id,  # Default: use user_id as username
        "role": role,
        "token_type": "access",
        "exp": datetime.now(UTC) + timedelta(hours=expiry_hours),
        "iat": datetime.now(UTC)
    }

    # Add custom claims
    if custom_claims:
        payload.update(custom_claims)

    token = jwt.encode(
        payload,
        secret,
        algorithm="HS256"
    )

    return token

# Example usage
token = generate_custom_mcp_token(
    user_id="ci-pipeline",
    role="admin",
    expiry_hours=720,  # 30 days
    custom_claims={
        "service": "ci-cd",
        "environment": "production"
    }
)

print(f"Generated token: {token}")
