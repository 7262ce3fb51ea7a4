/** How often a flag may be given, and what follows its name. */
export type FlagKind = "boolean" | "value" | "values";

const FILE_FLAGS = {
  chown: "value",
  chmod: "value",
  link: "boolean",
  exclude: "values",
} as const;

/** The instructions of a Dockerfile and their flags. */
export const FLAGS: Readonly<Record<string, Readonly<Record<string, FlagKind>>>> = {
  ADD: { ...FILE_FLAGS, checksum: "value", "keep-git-dir": "boolean", unpack: "boolean" },
  ARG: {},
  CMD: {},
  COPY: { ...FILE_FLAGS, from: "value", parents: "boolean" },
  ENTRYPOINT: {},
  ENV: {},
  EXPOSE: {},
  FROM: { platform: "value" },
  HEALTHCHECK: {
    interval: "value",
    timeout: "value",
    "start-period": "value",
    "start-interval": "value",
    retries: "value",
  },
  LABEL: {},
  MAINTAINER: {},
  ONBUILD: {},
  RUN: { mount: "values", network: "value", security: "value", device: "values" },
  SHELL: {},
  STOPSIGNAL: {},
  USER: {},
  VOLUME: {},
  WORKDIR: {},
};
