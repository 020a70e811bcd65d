# One image for all daemons; the command says which of them a container runs.
ARG NODE_IMAGE=node:20-bookworm-slim

# The manifests alone: dependencies are installed again only when one of these changes.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /opt/mini-nova
COPY package.json package-lock.json ./
COPY packages packages
COPY services services
RUN find packages services -type f ! -name package.json -delete

FROM ${NODE_IMAGE} AS build
# better-sqlite3 is compiled when no binary for this platform can be fetched.
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/mini-nova
COPY --from=manifests /opt/mini-nova ./
RUN npm ci --ignore-scripts && npm rebuild better-sqlite3
COPY tsconfig.json ./
COPY packages packages
COPY services services
COPY bin bin
COPY docker docker
RUN npx tsc -b && npm prune --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
ENV PATH=/opt/mini-nova/bin:$PATH
WORKDIR /opt/mini-nova
COPY --from=build /opt/mini-nova ./
USER node
CMD ["nova-all"]
