#!/bin/sh
# Writes the locks from pyproject.toml; `make lock` calls it with the path of uv.
set -eu
uv=$1
cd "$(dirname "$0")/.."
unset UV_FIND_LINKS PIP_FIND_LINKS # a lock names what everybody can get

lock() { # FILE EXTRA...
    file=$1
    shift
    extras=$(for extra in "$@"; do printf -- '--extra %s ' "$extra"; done)
    # shellcheck disable=SC2086  # one word per extra
    "$uv" pip compile --quiet pyproject.toml $extras --universal --generate-hashes --no-header \
        -o "requirements/$file"
}
lock web.lock
lock demo.lock embedded
lock dev.lock embedded test check

# No hashes for training: one torch pin resolves to a CPU or a CUDA wheel. What only torch needs
# (CUDA, triton) is left to the wheel that is chosen.
{
    echo "# The training extra, exact versions by \`make lock\`. torch is pinned, not hashed: one pin"
    echo "# resolves to a CPU or a CUDA wheel. Install torch first, so that nothing chooses another."
    sed -n 's/^    "\(torch==[^"]*\)",$/\1/p' pyproject.toml
    "$uv" pip compile --quiet pyproject.toml --extra train --extra export --universal \
        --no-header --no-annotate -c requirements/dev.lock |
        grep -vE '^(torch|triton|nvidia-[a-z0-9-]*|cuda-[a-z0-9-]*)(\[[a-z,]*\])?=='
} >requirements/train.txt.part
mv requirements/train.txt.part requirements/train.txt
