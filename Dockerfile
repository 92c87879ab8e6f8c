# One file, four images: `service` (every Beluga service), `database` (PostgreSQL under Patroni, and etcd),
# `proxy` (HAProxy) and `prometheus` (for who cannot pull its own image). Debian packages and locked wheels only.
#
# BASE is an argument so that a locally made image serves where no registry of images can be reached
# (`make images-local`). PIP_OPTIONS likewise: `--no-index` with the wheels in build/wheels.
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS proxy
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends haproxy openssl \
    && rm -rf /var/lib/apt/lists/*
COPY deploy/haproxy.cfg deploy/public.map /etc/haproxy/
COPY deploy/start-proxy deploy/watch-over /usr/local/bin/
USER haproxy
CMD ["start-proxy"]

FROM ${BASE} AS prometheus
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends prometheus \
    && rm -rf /var/lib/apt/lists/* && mkdir -p /prometheus && chown prometheus:prometheus /prometheus
USER prometheus
ENTRYPOINT ["prometheus"]

FROM ${BASE} AS patroni
ARG PIP_OPTIONS=""
COPY deploy/patroni.lock build/wheel[s] /wheels/
RUN python3 -m venv /opt/patroni && /opt/patroni/bin/pip install --no-cache-dir --disable-pip-version-check \
    ${PIP_OPTIONS} --find-links /wheels --require-hashes -r /wheels/patroni.lock

FROM ${BASE} AS database
RUN apt-get update \
    && mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql etcd-server etcd-client pgbackrest \
    && rm -rf /var/lib/apt/lists/* && mkdir -p /var/lib/etcd && chown postgres:postgres /var/lib/etcd
COPY --from=patroni /opt/patroni /opt/patroni
COPY deploy/patroni.yml /etc/patroni.yml
COPY deploy/pgbackrest.conf /etc/pgbackrest/pgbackrest.conf
COPY deploy/start-database deploy/start-etcd deploy/after-bootstrap deploy/keep-backups \
    deploy/note-backups deploy/restore-backup deploy/watch-over /usr/local/bin/
ENV PATH=/opt/patroni/bin:/usr/lib/postgresql/15/bin:$PATH PYTHONUNBUFFERED=1
USER postgres
VOLUME /var/lib/postgresql
CMD ["start-database"]

FROM ${BASE} AS build
ARG PIP_OPTIONS=""
WORKDIR /build
RUN python3 -m venv /opt/beluga
COPY requirements.lock build/wheel[s] ./wheels/
RUN /opt/beluga/bin/pip install --no-cache-dir --disable-pip-version-check ${PIP_OPTIONS} \
    --find-links wheels --require-hashes -r wheels/requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY election election
COPY intake intake
COPY tally tally
COPY callers callers
COPY dashboard dashboard
COPY beluga beluga
COPY chaos chaos
COPY runbooks runbooks
RUN /opt/beluga/bin/pip install --no-cache-dir --disable-pip-version-check ${PIP_OPTIONS} \
    --find-links wheels --no-deps . \
    && /opt/beluga/bin/python -m beluga.install.pruning

FROM ${BASE} AS service
RUN useradd --system --uid 10001 --home-dir /var/lib/beluga --create-home beluga
COPY --from=build /opt/beluga /opt/beluga
COPY deploy/watch-over /usr/local/bin/
ENV PATH=/opt/beluga/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    BELUGA_HOST=0.0.0.0 BELUGA_STATE=/var/lib/beluga
USER beluga
WORKDIR /var/lib/beluga
VOLUME /var/lib/beluga
CMD ["beluga", "--help"]
