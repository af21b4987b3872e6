"""The compiled half of the package."""

__version__: str

def vocabulary() -> list[tuple[str, int, str]]: ...
