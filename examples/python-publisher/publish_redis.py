"""Publishes a stage and the outcome of a registration through Redis: publish_redis.py [REGISTRATION_ID]"""

import json
import os
import sys
import time

import redis

registration_id = int(sys.argv[1]) if len(sys.argv) > 1 else 42
client = redis.Redis(
    host=os.environ.get("REDIS_HOST", "127.0.0.1"),
    port=int(os.environ.get("REDIS_PORT", "6379")),
    password=os.environ.get("REDIS_PASSWORD"),
)


def publish(update):
    """A bare PUBLISH is an update; a gateway gives it its id, and a place in the history."""
    message = {"registrationId": registration_id, "timestamp": time.time_ns() // 1_000_000, **update}
    if client.publish("service:registration-updates", json.dumps(message)) == 0:
        sys.exit("nobody listens: start a gateway first, since Redis keeps no message for later")


publish({"status": "PENDING", "stage": "t24_lookup", "stageStatus": "completed", "message": "Found 5 accounts"})
publish({"status": "APPROVED", "message": "Customer validated successfully", "details": {"accountsFound": 5}})
