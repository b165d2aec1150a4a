# The training worker: the web platform's environment with torch on top. The CUDA libraries come
# with torch's wheel; the host needs only the driver and the NVIDIA container runtime.
# For a machine without a GPU: --build-arg TORCH_INDEX=<index of CPU wheels> saves gigabytes.
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS build
ARG TORCH_INDEX=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/web.lock requirements/train.txt /tmp/
RUN python3 -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --require-hashes -r /tmp/web.lock
# torch first and alone, so that nothing below it chooses another build of it.
RUN /venv/bin/python -m pip install --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
        "$(grep '^torch==' /tmp/train.txt)" \
    && /venv/bin/python -m pip install --no-cache-dir -r /tmp/train.txt

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --create-home concord \
    && install --directory --owner concord --group concord /data
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY deploy/entrypoint.sh deploy/healthcheck.py deploy/
COPY deploy/accelerate deploy/accelerate
COPY annotation annotation
COPY training training
COPY templates templates
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CONCORD_DATA=/data \
    TMPDIR=/data \
    HF_HOME=/tmp/huggingface
USER 10001
VOLUME /data
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 \
    CMD ["python3", "deploy/healthcheck.py", "worker", "train"]
ENTRYPOINT ["sh", "deploy/entrypoint.sh"]
CMD ["worker", "train"]
