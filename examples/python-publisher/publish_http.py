"""Publishes a stage and the outcome of a registration by HTTP: publish_http.py [REGISTRATION_ID]"""

import json
import os
import sys
import urllib.request

registration_id = int(sys.argv[1]) if len(sys.argv) > 1 else 42
gateway = os.environ.get("GATEWAY", "http://127.0.0.1:8080")


def publish(update):
    """The gateway's answer comes when the update is in the history. Any other answer than 201 raises an error."""
    request = urllib.request.Request(
        f"{gateway}/api/registrations/{registration_id}/updates",
        data=json.dumps(update).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        print("published", json.load(answer)["id"])


publish({"stage": "t24_lookup", "stageStatus": "completed", "message": "Found 5 accounts"})
publish({"status": "APPROVED", "message": "Customer validated successfully", "details": {"accountsFound": 5}})
