# The image behind the action and the GitLab job: the command line with every embedded reviewer.
# A container action must run as root, without USER and WORKDIR, with an absolute entry point in exec form.
FROM python:3.12-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends git=1:2.39.* \
    && rm -rf /var/lib/apt/lists/*

COPY pyproject.toml README.md LICENSE angles.yaml locations.yaml /src/
COPY templates /src/templates
COPY bot /src/bot
RUN pip install --no-cache-dir '/src[analysers]' && rm -rf /src

ENTRYPOINT ["/usr/local/bin/codedesigner"]
