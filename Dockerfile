# One image, three commands: hub serve | hub work | hub migrate.
FROM node:22-bookworm-slim AS assets
WORKDIR /src/hub/console/assets
COPY hub/console/assets/package.json hub/console/assets/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY hub/console/assets ./
RUN npm run build

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY .ci/uv.lock .ci/uv.lock
RUN pip install --no-cache-dir --require-hashes -r .ci/uv.lock && python -m venv /opt/hub
COPY requirements.lock requirements-dev.lock ./
RUN uv pip install --no-cache --python /opt/hub/bin/python --require-hashes -r requirements.lock
# What builds the wheel comes from the same hashed lock, into an environment that is thrown away.
RUN python -m venv /opt/builder && uv pip install --no-cache --python /opt/builder/bin/python --require-hashes -r requirements-dev.lock
COPY pyproject.toml ./
COPY alembic alembic
COPY graphql graphql
COPY directory directory
COPY scheduling scheduling
COPY hub hub
COPY --from=assets /src/hub/console/static hub/console/static
RUN uv build --wheel --no-build-isolation --python /opt/builder/bin/python --out-dir /dist \
 && uv pip install --no-cache --python /opt/hub/bin/python --no-deps /dist/*.whl

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/hub --shell /usr/sbin/nologin hub
COPY --from=build /opt/hub /opt/hub
ENV PATH=/opt/hub/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HUB_STATE_DIR=/var/lib/hub HUB_HOST=0.0.0.0
USER hub
WORKDIR /var/lib/hub
VOLUME /var/lib/hub
EXPOSE 8000
ENTRYPOINT ["hub"]
CMD ["serve"]
