"""A context as a decorator, which holds while the function runs, and only then: generators and coroutines too."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
Context = Callable[[], "AbstractContextManager[Any]"]


def inside(context: Context, function: F) -> F:
    """The function, run within a new context each time.

    >>> from autograd import no_grad
    >>> from autograd.recording import is_recording
    >>> def numbers():
    ...     yield is_recording()
    >>> [(inner, is_recording()) for inner in inside(no_grad, numbers)()]
    [(False, True)]
    """
    made: Any
    if inspect.isgeneratorfunction(function):

        def made(*args: Any, **named: Any) -> Any:
            return (yield from _generator(context, function(*args, **named)))

    elif inspect.isasyncgenfunction(function):

        def made(*args: Any, **named: Any) -> Any:
            return _async_generator(context, function(*args, **named))

    elif inspect.iscoroutinefunction(function):

        async def made(*args: Any, **named: Any) -> Any:  # a task has its own context, so waiting does no harm
            with context():
                return await function(*args, **named)

    else:

        def made(*args: Any, **named: Any) -> Any:
            with context():
                return function(*args, **named)

    return functools.wraps(function)(made)  # type: ignore[return-value]


def _generator(context: Context, inner: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """`yield from inner`, in the context from each resumption to the next rest."""
    resume: Callable[[Any], Any] = inner.send
    sent: Any = None
    while True:
        try:
            with context():
                given = resume(sent)
        except StopIteration as end:
            return end.value
        try:
            resume, sent = inner.send, (yield given)
        except GeneratorExit:
            with context():
                inner.close()
            raise
        except BaseException as error:
            resume, sent = inner.throw, error


async def _async_generator(context: Context, inner: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    resume: Callable[[Any], Any] = inner.asend
    sent: Any = None
    while True:
        try:
            with context():
                given = await resume(sent)
        except StopAsyncIteration:
            return
        try:
            resume, sent = inner.asend, (yield given)
        except GeneratorExit:
            with context():
                await inner.aclose()
            raise
        except BaseException as error:
            resume, sent = inner.athrow, error
