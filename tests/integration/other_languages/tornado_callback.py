import asyncio
import sys

from tornado.httpclient import AsyncHTTPClient, HTTPRequest


def show(content: bytes) -> None:
    print(content.decode(), end="", flush=True)


async def follow(url: str) -> None:
    await AsyncHTTPClient().fetch(HTTPRequest(url, streaming_callback=show, request_timeout=0))
    print("the stream has ended")


asyncio.run(follow(sys.argv[1]))
