import sys

import requests

with requests.get(sys.argv[1], stream=True) as response:
    for content in response.iter_content(chunk_size=None):
        print(content.decode(), end="", flush=True)
print("the stream has ended")
