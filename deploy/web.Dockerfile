# The web platform: web, worker, beat and migrate are this image with another command. No torch.
# Build from the root of the repository: docker build -f deploy/web.Dockerfile -t concord-web .
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/web.lock /tmp/web.lock
RUN python3 -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --require-hashes -r /tmp/web.lock

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --create-home concord \
    && install --directory --owner concord --group concord /data
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY deploy/entrypoint.sh deploy/healthcheck.py deploy/
COPY annotation annotation
COPY templates templates
COPY static static
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CONCORD_DATA=/data \
    TMPDIR=/data \
    CONCORD_STATIC_ROOT=/app/staticfiles
# Collected with a key and a folder that stay in this layer's command.
RUN CONCORD_DATA=/tmp/build CONCORD_SECRET_KEY="$(python3 -c 'import secrets; print(secrets.token_hex(32))')" \
    python3 manage.py collectstatic --no-input \
    && python3 -m compileall -q annotation
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=12s --start-period=20s --retries=3 \
    CMD ["python3", "deploy/healthcheck.py"]
ENTRYPOINT ["sh", "deploy/entrypoint.sh"]
CMD ["web"]
