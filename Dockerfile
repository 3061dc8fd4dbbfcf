# syntax=docker/dockerfile:1

# Both stages are Debian 13: a program linked against a newer C library than the one it meets does not
# start. Change them together, each with the digest of its index: a tag may be moved, a digest not. `docker buildx
# imagetools inspect NAME` shows it.
FROM rust:1.94-slim-trixie@sha256:cf09adf8c3ebaba10779e5c23ff7fe4df4cccdab8a91f199b0c142c53fef3e1a AS build
WORKDIR /build
# .dockerignore lets only the sources through.
COPY . .
# Downloaded crates and compiled dependencies stay in caches of the builder. Cargo compares times, not contents, so the
# sources get the time of this build: a cache that is newer than a changed file would hide the change.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    find . -path ./target -prune -o -type f -exec touch {} + \
    && cargo build --release --locked --bin waapify-ghl \
    && cp target/release/waapify-ghl /usr/local/bin/

# No shell and no package manager; the C library, libgcc and the CA certificates that TLS needs.
# The user is "nonroot", 65532.
FROM gcr.io/distroless/cc-debian13:nonroot@sha256:54df941ed0d06a1bd95ef5e0ce391fd8d9f94b64782dc9a60062727849ee3f97
COPY --from=build /usr/local/bin/waapify-ghl /usr/local/bin/waapify-ghl
ENV LOG_FORMAT=json
EXPOSE 8080
# Asks its own /readyz, which also asks the database.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/waapify-ghl", "health"]
ENTRYPOINT ["/usr/local/bin/waapify-ghl"]
CMD ["serve"]
