#!/usr/bin/env bash
# Builds the image, brings up compose.yaml, sends one lead to a worker and one through the broker, expects both to be decided,
# stops one worker, expects the other to go on, and takes everything down with its data. Without a container engine, exits with 2.
set -euo pipefail
cd "$(dirname "$0")"

if ! docker info >/dev/null 2>&1 || ! docker compose version >/dev/null 2>&1; then
    echo "no container engine answers, or docker compose is missing" >&2
    exit 2
fi
./secrets.sh
# Beside a stack that is in use.
export COMPOSE_PROJECT_NAME=baton-try
compose() { docker compose -f compose.yaml "$@"; }
trap 'compose logs --no-color --tail 50 >&2; compose down --volumes --timeout 15 >/dev/null 2>&1' EXIT

compose up --build --wait --wait-timeout 600 >&2
events=$(realpath ../../fixtures/events)
send() { compose run --rm --no-deps -T -v "$events:/events:ro" baton send "$@"; }

decided() { grep -q '"status":"decided"' || { echo "$1: not decided" >&2; exit 1; }; }
send --http http://baton:8080 --token file:voice_token /events/14-not-live-callback.json | decided "over HTTP"
send --amqp "$(cat secrets/amqp_url)" /events/15-not-live-meeting.json | decided "over AMQP"

stopped=$(compose ps -q baton | head -n 1)
docker stop --time 10 "$stopped" >/dev/null
code=$(docker inspect --format '{{.State.ExitCode}}' "$stopped")
[ "$code" = 0 ] || { echo "a worker that was told to stop ended with $code" >&2; exit 1; }
send --http http://baton:8080 --token file:voice_token /events/17-bare-minimum.json | decided "by the worker that is left"
echo "two workers, decided over HTTP and AMQP, one stopped"
trap 'compose down --volumes --timeout 15 >/dev/null 2>&1' EXIT
