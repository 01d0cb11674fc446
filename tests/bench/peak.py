#!/usr/bin/env python3
"""peak.py OUT COMMAND...: runs a command; writes its seconds and largest memory (MB) to OUT as JSON."""
import json
import resource
import subprocess
import sys
import time

start = time.monotonic()
status = subprocess.run(sys.argv[2:]).returncode
seconds = time.monotonic() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
with open(sys.argv[1], 'w') as out:
    json.dump({'seconds': round(seconds, 2), 'peak_mb': round(peak, 1)}, out)
sys.exit(status)
