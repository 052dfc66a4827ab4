import sys

import requests

with requests.get(sys.argv[1], stream=True) as response:
    for line in response.iter_lines():
        print(line.decode(), flush=True)
print("the stream has ended")
