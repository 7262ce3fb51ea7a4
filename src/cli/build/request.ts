import { credentialsHidden } from "../../plan/secret-name.js";
import type { JoinedPlan } from "../../plan/join-plans.js";
import type { PlanOptions } from "../../plan/plan.js";
import { namedFor, runsFor } from "../../plan/used-by.js";
import type { BuildCommand } from "../build-command.js";
import type { Building } from "./engine.js";
import { remoteContext } from "./named-contexts.js";

/** What a user asked for, by the names that BuildKit's front end has for it, in their order. */
export function requestArgs(
  command: BuildCommand,
  { buildArgs, labels }: Pick<PlanOptions, "buildArgs" | "labels">,
): Readonly<Record<string, string>> {
  const { addHosts, buildContexts, cgroupParent, network, shmSize, target, ulimits } = command;
  const args: (readonly [name: string, value: string | undefined])[] = [
    ["add-hosts", listed(addHosts.map(({ name, ip }) => `${name}=${ip}`))],
    ...[...buildArgs].map(([name, value]) => [`build-arg:${name}`, value] as const),
    ["cgroup-parent", cgroupParent],
    ...[...buildContexts].map(
      ([name, value]) => [`context:${name}`, shownContext(name, value)] as const,
    ),
    ["force-network-mode", network === "default" ? undefined : network],
    ...[...labels].map(([name, value]) => [`label:${name}`, value] as const),
    ["no-cache", command.noCache ? "" : listed(command.noCacheFilter)],
    ["shm-size", shmSize?.toString()],
    ["target", target],
    ["ulimit", listed(ulimits.map(({ type, soft, hard }) => `${type}=${soft}:${hard}`))],
  ];
  const given = args.filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, value ?? ""]));
}

function listed(items: readonly string[]): string | undefined {
  return items.length === 0 ? undefined : items.join(",");
}

/** Without paths of this machine, and without passwords. */
function shownContext(name: string, value: string): string {
  if (remoteContext(value) !== undefined || /^(?:docker|container)(?:-image)?:\/\//.test(value)) {
    return credentialsHidden(value);
  }
  return value.startsWith("oci-layout://") ? `oci-layout:${name}` : `local:${name}`;
}

/** What was read from directories of this machine. */
export function localsOf(
  plan: JoinedPlan,
  target: number,
  { command, input }: Building,
): readonly string[] {
  const isLocal = (name: string): boolean =>
    remoteContext(command.buildContexts.get(name) ?? "") === undefined;
  const own = input.context === undefined ? [] : ["context", "dockerfile"];
  return [...own, ...namedFor(plan, target).filter(isLocal)];
}

/** Ids of secrets and agents that steps ask for. */
export function wishesOf(plan: JoinedPlan, target: number): object {
  const mounts = runsFor(plan, target).flatMap((step) => step.mounts);
  const wishes = (kind: "secret" | "ssh") => {
    const found = mounts.flatMap((mount) => (mount.kind === kind ? [mount] : []));
    const ids = new Map(found.map(({ id, required }) => [id, required]));
    return [...ids].map(([id, required]) => ({ id, ...(required ? {} : { optional: true }) }));
  };
  const [secrets, ssh] = [wishes("secret"), wishes("ssh")];
  return {
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(ssh.length === 0 ? {} : { ssh }),
  };
}
