FROM rust:1.95-slim-bookworm AS build

# The shell that GitLab and Kubernetes runners need in the image, without libraries. Debian keeps
# no old versions, so a pinned one would stop to build.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends busybox-static \
 && rm -rf /var/lib/apt/lists/*

# With `yes`, as releases are built, the list of the packages that the program is made of is put into it. The tool for
# that takes a fifth of the time, and is built without optimisations, as it runs twice.
ARG AUDITABLE=""
RUN [ -z "$AUDITABLE" ] || cargo install --locked --debug --root /usr/local cargo-auditable@0.7.7

# The packages alone, so that a change of our own code does not build them again.
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY .cargo ./.cargo
COPY tests/support/Cargo.toml ./tests/support/
RUN mkdir -p src tests/support/src \
 && touch src/lib.rs tests/support/src/lib.rs \
 && echo 'fn main() {}' > src/main.rs \
 && cargo ${AUDITABLE:+auditable} build --release --locked --config .cargo/release.toml --bin polyai-rollback

# The commit, for `--version`.
ARG REVISION=""
COPY src ./src
RUN touch src/lib.rs src/main.rs \
 && cargo ${AUDITABLE:+auditable} build --release --locked --config .cargo/release.toml --bin polyai-rollback

# What the scripts of CI systems call in the image of a step, each by a link of its own, as their agents also call
# programs without a shell, and as busybox' shell finds its own tools only where /proc is mounted:
# gitlab-runner (shells/bash.go, its executors), GitHub's runner on Kubernetes (runner-container-hooks), Jenkins
# (durable-task-plugin, kubernetes-plugin), Woodpecker (common/script.go), Screwdriver (launcher), CircleCI.
# Debian's busybox lacks what Jenkins starts a script with, nohup, and how it finds the processes to cancel: by
# a list that has their variables. No file tells when it was made, so that every build of the same source gives
# the same layer.
WORKDIR /image
# hadolint ignore=SC2016
RUN mkdir -p bin etc && mkdir -m 1777 tmp \
 && cp /source/target/*/release/polyai-rollback /bin/busybox bin/ \
 && mkdir -p usr/share/doc && cp /usr/share/doc/busybox-static/copyright usr/share/doc/busybox \
 && for tool in awk base64 cat chmod cp cut date env find grep gzip id kill ls mkdir mkfifo mv rm sed sh sleep stat \
      tail tar tee touch tr wc whoami; do ln -s busybox "bin/$tool"; done \
 && printf '%s\n' '#!/bin/sh' 'trap "" HUP' 'exec "$@"' > bin/nohup \
 && printf '%s\n' '#!/bin/sh' '[ "$*" = "-A -o pid,command e" ] || exec busybox ps "$@"' \
      'cd /proc && for id in [0-9]*; do echo "$id $(cat $id/cmdline $id/environ | tr "\0\n" "  ")"; done' > bin/ps \
 && chmod 755 bin/nohup bin/ps \
 && echo 'root:x:0:0:root:/:/bin/sh' > etc/passwd \
 && find . -exec touch --no-dereference --date=@0 {} +

# Runners demand root, and decide about the work folder themselves: hence no USER and no WORKDIR.
FROM scratch
COPY --from=build /image /
ENV PATH=/bin
ENTRYPOINT ["/bin/polyai-rollback"]
LABEL org.opencontainers.image.title="polyai-rollback" \
      org.opencontainers.image.description="Pipeline step that rolls back a deployment of a PolyAI agent" \
      org.opencontainers.image.licenses="MIT AND GPL-2.0-only"
