import type { JoinedPlan } from "../../plan/join-plans.js";
import { credentialsHidden, looksSecret } from "../../plan/secret-name.js";
import type { BuildCommand } from "../build-command.js";

/** What a build may be told without going by more than its files, its variables and the store. */
const harmless: ReadonlySet<string> = new Set<keyof BuildCommand>([
  "kind",
  "context",
  "file",
  "tags",
  "target",
  "buildArgs",
  "labels",
  "network",
  "shmSize",
  "ulimits",
  "resources",
  "progress",
  "quiet",
  "jobs",
  "warnings",
]);

/**
 * Whether a build goes by nothing but files of a directory, variables and the store, and gives nothing but an image of the
 * store; and whether its command line holds no secret, so that it can be kept.
 */
export function isRepeatable(command: BuildCommand): boolean {
  const rest = Object.entries(command).filter(([name]) => !harmless.has(name));
  const isFile = command.context !== "-" && command.file !== "-";
  return isFile && rest.every(([, value]) => isEmpty(value)) && isPublic(command);
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map || value instanceof Set) return value.size === 0;
  return value === undefined || value === false;
}

function isPublic({ buildArgs, labels }: BuildCommand): boolean {
  const settings = [...buildArgs.map(({ name, value }) => [name, value] as const), ...labels];
  return settings.every(
    ([name, value]) =>
      value !== undefined && !looksSecret(name) && credentialsHidden(value) === value,
  );
}

/** Whether all that the steps of a plan read is of this machine, and each of them needs nothing of it but files. */
export function isLocal({ stages, epoch }: Pick<JoinedPlan, "epoch" | "stages">): boolean {
  const steps = stages.flatMap((stage) => stage.steps);
  return (
    epoch === undefined && // it may be the time of something
    steps.every((step) => {
      if (step.kind === "run") return step.devices.length === 0;
      return step.kind !== "copy" || step.sources.every((source) => typeof source === "string");
    })
  );
}
