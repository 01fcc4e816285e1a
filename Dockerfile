# One image for all parts: the command says which one runs, as in docker-compose.yml. Node strips the types itself, so
# nothing is built. The manifests come first and alone: while they stay the same, so does the layer of dependencies.

FROM node:26-slim AS manifests
WORKDIR /app
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete && find . -type d -empty -delete

FROM node:26-slim AS dependencies
WORKDIR /app
COPY --from=manifests /app ./
# Optional packages are the pinned Node and the embedded Postgres: the image is the one and needs no other. No package
# needs its install script. Versions and checksums are the lock's, as with `npm ci`, which wants every other platform's
# optional packages in the lock as well.
RUN --mount=type=cache,target=/root/.npm npm install --no-save --omit=dev --omit=optional --ignore-scripts

FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app ./
COPY . .
USER node
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --start-interval=1s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.OPS_PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "gateway/main.ts"]
