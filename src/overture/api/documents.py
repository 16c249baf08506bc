"""The page at `/docs`: the OpenAPI document to read and to try, with a viewer that comes from here."""

from importlib import resources
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, Response

router = APIRouter(include_in_schema=False)

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the viewer sets styles on elements
        "img-src 'self' data:",  # and has icons in its style sheet
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
# Addresses are relative, so that the page works behind a proxy that serves it below a path of its own.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Overture API</title>
<link rel="icon" href="docs/favicon.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<style>
body { margin: 0; }
.swagger-ui .info { margin: 32px 0 16px; }
.swagger-ui .scheme-container { margin: 0; padding: 0 0 16px; box-shadow: none; }
</style>
</head>
<body>
<div id="viewer"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "api/v2/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null,
});
"""
_VIEWER = Path(str(resources.files("fastapi_offline") / "static"))
_FILES = frozenset({"favicon.png", "swagger-ui.css", "swagger-ui-bundle.js"})
_CACHED = {"Cache-Control": "public, max-age=86400"}


@router.get("/docs")
async def page() -> HTMLResponse:
    """Show the document."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/start.js")
async def start() -> Response:
    """Start the viewer: a script in the page itself would need a policy that lets any script in."""
    return Response(_START, media_type="text/javascript")


@router.get("/docs/{name}")
async def viewer(name: str) -> FileResponse:
    """Return a file of the viewer."""
    if name not in _FILES:
        raise HTTPException(404)
    return FileResponse(_VIEWER / name, headers=_CACHED)
