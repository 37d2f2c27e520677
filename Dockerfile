# The program in an image: built from source, run by a user without rights.
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package mingjian-api --bin mingjian && cp target/release/mingjian /mingjian

FROM debian:bookworm-slim
# Roots of trust for the mail server's certificate; PostgreSQL and the proxy are reached inside.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/mingjian --create-home mingjian
COPY --from=build /mingjian /usr/local/bin/mingjian
COPY deploy/is-ready /usr/local/bin/is-ready
USER mingjian
WORKDIR /var/lib/mingjian
EXPOSE 8080
ENTRYPOINT ["mingjian"]
CMD ["serve"]
