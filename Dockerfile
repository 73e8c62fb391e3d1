# The image behind the action, the GitLab job and the service: the command line with every embedded reviewer.
FROM python:3.12.11-slim-bookworm AS build
COPY pyproject.toml README.md LICENSE angles.yaml locations.yaml /src/
COPY templates /src/templates
COPY bot /src/bot
RUN python -m venv /opt/codedesigner \
    && /opt/codedesigner/bin/pip install --no-cache-dir --disable-pip-version-check '/src[analysers,github,gitlab,service,tracing]' \
    && /opt/codedesigner/bin/pip uninstall --yes pip

# Nothing that builds is left here. A container action has to start as root, with an absolute entry point and without
# USER and WORKDIR: `codedesigner ci` gives root up for the owner of the workspace before it reads anything.
FROM python:3.12.11-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git=1:2.39.* \
    && rm -rf /var/lib/apt/lists/* \
    && pip uninstall --yes pip
COPY --from=build /opt/codedesigner /opt/codedesigner
ENV PATH=/opt/codedesigner/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# The image is not made where its own entry point does not work.
RUN codedesigner --version && codedesigner locations list
ENTRYPOINT ["/opt/codedesigner/bin/codedesigner"]
