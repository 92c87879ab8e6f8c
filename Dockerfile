# One image for every service; docker-compose.yml names the command.
# BASE is an argument so that a locally made image serves where no registry can be reached.
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
RUN python -m venv /opt/beluga
COPY requirements.lock ./
RUN /opt/beluga/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY election election
COPY intake intake
COPY tally tally
COPY callers callers
COPY dashboard dashboard
COPY beluga beluga
COPY chaos chaos
COPY runbooks runbooks
RUN /opt/beluga/bin/pip install --no-cache-dir --no-deps .

FROM ${BASE}
RUN useradd --system --uid 10001 --home-dir /var/lib/beluga --create-home beluga
COPY --from=build /opt/beluga /opt/beluga
ENV PATH=/opt/beluga/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    BELUGA_HOST=0.0.0.0 BELUGA_STATE=/var/lib/beluga
USER beluga
WORKDIR /var/lib/beluga
VOLUME /var/lib/beluga
CMD ["beluga", "--help"]
