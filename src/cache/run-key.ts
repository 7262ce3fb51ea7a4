import type { RunMount } from "../plan/run-mount.js";
import type { RunStep } from "../plan/step.js";
import {
  component,
  hashKey,
  ownerFields,
  type CacheKey,
  type KeyComponent,
  type KeyWithComponents,
  type StateKey,
} from "./key.js";

/** What a RUN's result depends on besides the step itself. */
export interface RunFacts {
  /** The root filesystem it starts from. */
  readonly parent: StateKey;
  /** Of its stage, as "linux/amd64": what it sees of its machine. */
  readonly platform: string;
  /** Undefined where nobody chose it. */
  readonly hostname: string | undefined;
  /** Names of `--add-host`; their addresses are the network's business. */
  readonly extraHosts: readonly string[];
  /** Of `--ulimit`, as "nofile=1024:2048", in the order of their names. */
  readonly ulimits: readonly string[];
  /** Bytes of /dev/shm; undefined where nobody chose them. */
  readonly shmSize: number | undefined;
  /** For each mount, in order, the content that it shows; undefined where that does not count. */
  readonly contents: readonly (string | undefined)[];
}

/** The key of a RUN. Its proxy variables and the limits of its cgroup are no part of it. */
export function runKey(step: RunStep, facts: RunFacts): KeyWithComponents {
  const { parent, platform, hostname, extraHosts, contents } = facts;
  const { argv, env, user, cwd, network, security, mounts, devices, script } = step;
  const components = [
    component("command", argv),
    component("script", script === undefined ? [] : [script.name, script.body]),
    ...env.map(variable),
    component("user", [user]),
    component("working directory", [cwd]),
    component("network", [network]),
    component("security", [security]),
    { ...component("platform", [platform]), shown: platform },
    ...(hostname === undefined ? [] : [component("hostname", [hostname])]),
    { ...component("extra hosts", extraHosts), shown: extraHosts.join(" ") },
    ...limits(facts),
    ...mounts.map((mount, index) => mountComponent(mount, contents[index])),
    ...devices.map(({ name }) => component(`device ${name}`, [name])),
    { name: "parent", value: parent },
  ];
  const fields = components.flatMap(({ name, value }) => [name, value]);
  return { key: hashKey(["run", ...fields]) as CacheKey, components };
}

/** Of limits, those that BuildKit counts too; left out where there are none, as in earlier versions. */
function limits({ ulimits, shmSize }: RunFacts): readonly KeyComponent[] {
  const size = String(shmSize);
  return [
    ...(ulimits.length === 0
      ? []
      : [{ ...component("ulimits", ulimits), shown: ulimits.join(" ") }]),
    ...(shmSize === undefined ? [] : [{ ...component("shm size", [size]), shown: size }]),
  ];
}

function variable(assignment: string): KeyComponent {
  const at = assignment.indexOf("=");
  const name = at < 0 ? assignment : assignment.slice(0, at);
  return component(`variable ${name}`, [assignment]);
}

/**
 * What a step can tell of a mount before it runs. Not what a cache holds or how it is shared, nor the
 * value of a secret; of files what they are, not where they come from.
 */
function mountComponent(mount: RunMount, content: string | undefined): KeyComponent {
  const { kind } = mount;
  switch (kind) {
    case "bind":
    case "cache": {
      const fields = [mount.target, access(mount), ...(content === undefined ? [] : [content])];
      return component(`${kind} mount ${mount.target}`, fields);
    }
    case "tmpfs":
      return component(`tmpfs mount ${mount.target}`, [access(mount), String(mount.size ?? "")]);
    case "secret": {
      const { id, target = "", env = "", required } = mount;
      const fields = [target, env, String(required), ...ownerFields(mount.owner)];
      return component(`secret mount ${id}`, fields);
    }
    case "ssh": {
      const fields = [mount.target, String(mount.required), ...ownerFields(mount.owner)];
      return component(`ssh mount ${mount.id}`, fields);
    }
  }
}

function access({ readonly }: { readonly readonly: boolean }): string {
  return readonly ? "ro" : "rw";
}
