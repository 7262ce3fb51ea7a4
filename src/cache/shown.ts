import { credentialsHidden, looksSecret, MASK } from "../plan/secret-name.js";
import type { RunMount, RunSecret } from "../plan/run-mount.js";
import type { CopyStep, RunStep, Step, WorkdirStep } from "../plan/step.js";
import { component, type KeyComponent } from "./key.js";

/** Longer values are cut: they are kept with every record. */
const LONGEST = 200;

/** What there is to say of a component. */
type Told = Pick<KeyComponent, "label" | "shown">;

/**
 * The components of a step for people: with their values, but for secrets, and with details. `contents`
 * are those of its mounts. Decides nothing, and is needed only where a step missed.
 */
export function shownComponents(
  step: Step,
  components: readonly KeyComponent[],
  contents: readonly (string | undefined)[] = [],
): readonly KeyComponent[] {
  const told = toldOf(step);
  const details = step.kind === "run" ? runDetails(step, contents) : [];
  return [...components.map((one) => ({ ...one, ...told.get(one.name) })), ...details];
}

function toldOf(step: Step): ReadonlyMap<string, Told> {
  switch (step.kind) {
    case "run":
      return tellRun(step);
    case "copy":
      return tellCopy(step);
    case "workdir":
      return tellWorkdir(step);
  }
}

function tellRun({ env, user, cwd, network, security, mounts, script, written }: RunStep) {
  const args = new Set(written.args);
  return new Map<string, Told>([
    ["command", { shown: cut(written.line) }],
    ["script", { label: `heredoc ${script?.name ?? ""}` }],
    ["user", { shown: userOf(user) }],
    ["working directory", { shown: cwd }],
    ["network", { shown: network }],
    ["security", { shown: security }],
    ...env.map((entry) => tellVariable(entry, args)),
    ...mounts.map(tellMount),
  ]);
}

function tellVariable(entry: string, args: ReadonlySet<string>): readonly [string, Told] {
  const [name = ""] = entry.split("=", 1);
  const value = entry.slice(name.length + 1);
  const shown = looksSecret(name) ? MASK : cut(credentialsHidden(value));
  return [`variable ${name}`, { label: `${args.has(name) ? "ARG" : "ENV"} ${name}`, shown }];
}

function tellMount(mount: RunMount): readonly [string, Told] {
  const access = "readonly" in mount && mount.readonly ? "ro" : "rw";
  switch (mount.kind) {
    case "bind":
    case "cache":
      return [`${mount.kind} mount ${mount.target}`, { shown: access }];
    case "tmpfs": {
      const size = mount.size === undefined ? "" : `,size=${mount.size}`;
      return [`tmpfs mount ${mount.target}`, { shown: `${access}${size}` }];
    }
    case "secret":
      return [`secret mount ${mount.id}`, { shown: mountOptions(mount) }];
    case "ssh":
      return [`ssh mount ${mount.id}`, { shown: mountOptions({ ...mount, env: undefined }) }];
  }
}

function mountOptions({
  target,
  env,
  required,
  owner,
}: Pick<RunSecret, "env" | "owner" | "required" | "target">): string {
  const options = [
    ...(target === undefined ? [] : [`target=${target}`]),
    ...(env === undefined ? [] : [`env=${env}`]),
    ...(required ? ["required"] : []),
    `uid=${owner.uid}`,
    `gid=${owner.gid}`,
    `mode=0${owner.mode.toString(8)}`,
  ];
  return options.join(",");
}

/** What argv is made of, and what a mount shows. */
function runDetails(
  { mounts, written: { shell, line, heredocs } }: RunStep,
  contents: readonly (string | undefined)[],
): readonly KeyComponent[] {
  const ofCommand = [
    { ...component("shell", shell), shown: cut(shell.join(" ")) },
    { ...component("command line", [line]), label: "command", shown: cut(line) },
    ...heredocs.map(({ name, body }) => component(`heredoc ${name}`, [body])),
  ].map((detail) => ({ ...detail, detailOf: "command" }));
  const ofMounts = mounts.flatMap((mount, index) => {
    const content = contents[index];
    if (content === undefined || (mount.kind !== "bind" && mount.kind !== "cache")) return [];
    const name = `${mount.kind} mount ${mount.target}`;
    const access = mount.readonly ? "ro" : "rw";
    return [
      { ...component(`content of ${name}`, [content]), detailOf: name },
      { ...component(`access of ${name}`, [access]), shown: access, detailOf: name },
    ];
  });
  return [...ofCommand, ...ofMounts];
}

function tellCopy({
  sources,
  destination,
  chown,
  chmod,
  exclude,
  parents,
  link,
  unpack,
}: CopyStep) {
  const local = sources.filter((source) => typeof source === "string");
  return new Map<string, Told>([
    ["sources", local.length < sources.length ? {} : { shown: cut(local.join(" ")) }],
    ["destination", { shown: cut(destination) }],
    ["--chown", { shown: chown ?? "" }],
    ["--chmod", { shown: chmod ?? "" }],
    ["--exclude", { shown: cut(exclude.join(" ")) }],
    ["--parents", { shown: String(parents) }],
    ["--link", { shown: String(link) }],
    ["--unpack", { shown: String(unpack) }],
  ]);
}

function tellWorkdir({ path, user }: WorkdirStep) {
  return new Map<string, Told>([
    ["directory", { shown: cut(path) }],
    ["user", { shown: userOf(user) }],
  ]);
}

function userOf(user: string): string {
  return user === "" ? "root" : user;
}

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
