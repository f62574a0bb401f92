"""The one function that the example for Dagger needs."""

import asyncio


def run(function):
    return asyncio.run(function())
