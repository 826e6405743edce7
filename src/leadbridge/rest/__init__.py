"""Doors in for JSON and files over plain HTTP; the only home of FastAPI. Each is a router, `app` puts them together."""
