# syntax=docker/dockerfile:1

# The Node that the tests run on: see "node" in package.json.
FROM node:24.21.0-bookworm-slim AS base
ENV NODE_ENV=production
WORKDIR /app

FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
# No install script is needed: native modules are prebuilt. Temporal's core has a binary for every platform; keep only
# the one of this platform.
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts \
    && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
        ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM dependencies AS app
COPY migrations ./migrations
COPY samples ./samples
COPY scripts/bundle-workflows.ts ./scripts/
COPY src ./src
# Make files readable for any user that runs the image, independent of the umask of the checkout.
RUN node scripts/bundle-workflows.ts \
    && chmod -R a+rX,go-w package.json build migrations samples src \
    && chmod a+x src/cli/login-etl.mjs

FROM base
LABEL org.opencontainers.image.title="login-etl" \
      org.opencontainers.image.description="Drains a queue of login events into Postgres, personal fields masked" \
      org.opencontainers.image.licenses="MIT"
# `npm run image:build` adds the version and the revision.
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=app /app/package.json ./
COPY --from=app /app/migrations ./migrations
COPY --from=app /app/samples ./samples
COPY --from=app /app/build ./build
COPY --from=app /app/src ./src
# A new volume gets the owner of the directory that it is mounted on: docker-compose.yml mounts one on each.
RUN ln -s /app/src/cli/login-etl.mjs /usr/local/bin/login-etl \
    && install -d -o node -g node -m 700 /keys /safe
ENV WORKER_WORKFLOW_BUNDLE=/app/build/workflow-bundle.js
# The user `node`, by number: for runAsNonRoot, Kubernetes can't tell from a name that it isn't root.
USER 1000:1000
# On this signal the worker finishes its batches and stops. While it starts, and in the commands of `login-etl`, Node as
# process 1 would ignore the signal: run the image with `--init` (Compose: `init: true`).
STOPSIGNAL SIGTERM
# Healthy means that the worker reaches Temporal, the queue and Postgres: `docker inspect` shows what it does not reach. For
# the other programs, which do not serve /readyz, use `--no-healthcheck`.
ENV WORKER_HEALTH_ADDRESS=127.0.0.1:9465
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 CMD [ "node", "--eval", \
    "fetch(`http://${process.env.WORKER_HEALTH_ADDRESS}/readyz`).then(async (r) => { console.log(await r.text()); process.exit(r.ok ? 0 : 1) })" ]
CMD ["node", "src/worker.ts"]
