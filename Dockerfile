# syntax=docker/dockerfile:1

# The Node that the tests run on: see "node" in package.json.
FROM node:24.21.0-bookworm-slim AS base
ENV NODE_ENV=production
WORKDIR /app

FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
# No install script is needed: what has to be native comes ready made. Temporal's core comes with a binary for
# every platform, of which this one's stays.
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts \
    && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
        ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM dependencies AS app
COPY migrations ./migrations
COPY samples ./samples
COPY scripts/bundle-workflows.ts ./scripts/
COPY src ./src
# Files are readable for whoever runs the image, whatever the umask of the checkout.
RUN node scripts/bundle-workflows.ts \
    && chmod -R a+rX,go-w package.json build migrations samples src \
    && chmod a+x src/cli/main.ts

FROM base
LABEL org.opencontainers.image.title="login-etl" \
      org.opencontainers.image.description="Drains a queue of login events into Postgres, personal fields masked" \
      org.opencontainers.image.licenses="MIT"
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=app /app/package.json ./
COPY --from=app /app/migrations ./migrations
COPY --from=app /app/samples ./samples
COPY --from=app /app/build ./build
COPY --from=app /app/src ./src
# A new volume takes the owner of the directory that it is mounted on: docker-compose.yml has one on each.
RUN ln -s /app/src/cli/main.ts /usr/local/bin/login-etl \
    && install -d -o node -g node -m 700 /keys /safe
ENV WORKER_WORKFLOW_BUNDLE=/app/build/workflow-bundle.js
# The user `node`, by number: Kubernetes (runAsNonRoot) can't tell from a name that it isn't root.
USER 1000:1000
# The worker finishes what is in hand and stops by itself. Until it is up, and in the commands of `login-etl`, Node
# as process 1 would ignore the signal: run the image with `--init` (Compose: `init: true`).
STOPSIGNAL SIGTERM
# No HEALTHCHECK: where /readyz is answered is a setting (WORKER_HEALTH_ADDRESS). docker-compose.yml has one.
CMD ["node", "src/worker.ts"]
