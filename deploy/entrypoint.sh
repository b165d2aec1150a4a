#!/bin/sh
# What each container runs: web | worker QUEUE | beat | migrate | any other command as it is.
set -eu
name=${1:-web}
[ $# -eq 0 ] || shift
case $name in
web)
    exec python3 -m gunicorn annotation.wsgi --bind 0.0.0.0:8000 --worker-class gthread \
        --workers "${WEB_WORKERS:-2}" --threads "${WEB_THREADS:-8}" --preload \
        --timeout 60 --graceful-timeout 25 --worker-tmp-dir /dev/shm --no-control-socket \
        --access-logfile - "$@"
    ;;
worker)
    queue=${1:-default}
    [ $# -eq 0 ] || shift
    exec python3 -m celery -A annotation.celery worker -Q "$queue" -n "$queue@%h" \
        -c "${WORKER_PROCESSES:-1}" --without-gossip --without-mingle --loglevel INFO "$@"
    ;;
beat)
    exec python3 -m celery -A annotation.celery beat -s /tmp/beat-schedule --pidfile= \
        --loglevel INFO "$@"
    ;;
migrate)
    exec python3 manage.py migrate --no-input "$@"
    ;;
*)
    exec "$name" "$@"
    ;;
esac
