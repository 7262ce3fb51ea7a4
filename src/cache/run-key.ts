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
  /** For each mount, in order, the content that it shows; undefined where that does not count. */
  readonly contents: readonly (string | undefined)[];
}

/** The key of a RUN. Its proxy variables and limits are no part of it. */
export function runKey(
  step: RunStep,
  { parent, platform, hostname, extraHosts, contents }: RunFacts,
): KeyWithComponents {
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
    component("extra hosts", extraHosts),
    ...mounts.map((mount, index) => mountComponent(mount, contents[index])),
    ...devices.map(({ name }) => component(`device ${name}`, [name])),
    { name: "parent", value: parent },
  ];
  const fields = components.flatMap(({ name, value }) => [name, value]);
  return { key: hashKey(["run", ...fields]) as CacheKey, components };
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
