# One image for every service; the command says which. Built from sources, run without build tools, runtime packages of
# npm or the embedded Postgres (they are optional dependencies).
FROM node:24-bookworm-slim AS build
WORKDIR /writ
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-fund --no-audit --loglevel=error
COPY . .
RUN node scripts/run.mjs build

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /writ
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --no-fund --no-audit --loglevel=error && npm cache clean --force
COPY policies policies
COPY --from=build /writ/dist dist
# A volume that is mounted here takes over who owns it.
RUN mkdir -p /var/lib/writ/log && chown node:node /var/lib/writ/log
USER node
EXPOSE 8420
CMD ["node", "--require=./dist/libs/telemetry/src/source-maps.js", "dist/apps/control-plane/src/main.js"]
