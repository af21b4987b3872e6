"""Swagger UI, with every file from this server: no page asks a foreign one."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse

_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}


def install(app: FastAPI) -> None:
    """Serve the page at `/api/docs`, and its files below."""
    folder = Path(str(files("fastapi_offline") / "static"))

    @app.get("/api/docs", include_in_schema=False)
    async def swagger_ui() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=app.openapi_url or "",
            title=f"{app.title}: API",
            swagger_js_url="/api/docs/swagger-ui-bundle.js",
            swagger_css_url="/api/docs/swagger-ui.css",
            swagger_favicon_url="/api/docs/favicon.png",
            swagger_ui_parameters={"displayRequestDuration": True, "docExpansion": "list"},
        )

    def serve(name: str, media_type: str) -> None:
        path = folder / name

        @app.get(f"/api/docs/{name}", include_in_schema=False)
        async def asset() -> FileResponse:
            return FileResponse(path, media_type=media_type, headers={"Cache-Control": "max-age=86400"})

    for name, media_type in _FILES.items():
        serve(name, media_type)
