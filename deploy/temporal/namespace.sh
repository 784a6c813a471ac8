#!/bin/sh
# The namespace of the returns. An existing one is left as it is, so that a
# retention somebody changed stays changed. The server is in TEMPORAL_ADDRESS.
set -eu

# An open port is not yet a server that works.
attempt=0
until temporal operator cluster health; do
  attempt=$((attempt + 1))
  if [ "$attempt" -ge 30 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS is not healthy" >&2
    exit 1
  fi
  sleep 2
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
