"""Options that several commands have in common: a frozen dataclass, given to a command as one parameter."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import wraps
from typing import Any


def takes(parameter: str, group: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command every field of the dataclass `group` as an option; it takes them as its one `parameter`.

    A field is annotated as a Typer option is; one without a default is required.
    """
    options = [
        inspect.Parameter(
            option.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if option.default is MISSING else option.default,
            annotation=option.type,
        )
        for option in fields(group)
    ]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            given = {option.name: kwargs.pop(option.name) for option in options}
            return command(*args, **kwargs, **{parameter: group(**given)})

        signature = inspect.signature(command)
        kept = [one for name, one in signature.parameters.items() if name != parameter]
        wrapper.__signature__ = signature.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
        kept_types = {name: kind for name, kind in command.__annotations__.items() if name != parameter}
        wrapper.__annotations__ = kept_types | {option.name: option.annotation for option in options}
        return wrapper

    return decorate
