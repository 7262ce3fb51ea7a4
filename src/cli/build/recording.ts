import { basename, resolve } from "node:path";
import type { Board } from "../../builder/board.js";
import type { BuildHeader, BuildResult } from "../../progress/history/journal.js";
import { BuildRecorder } from "../../progress/history/recorder.js";
import { credentialsHidden, looksSecret, MASK } from "../../plan/secret-name.js";
import type { ProvenanceSpec, SbomSpec } from "../args/attest.js";
import type { CacheTarget } from "../args/cache.js";
import type { BuildCommand } from "../build-command.js";
import type { Io } from "../io.js";
import { renderError } from "../render-error.js";
import type { Session } from "../session.js";
import type { BuildSummary } from "./exporting.js";
import { notWhole } from "./history-warning.js";
import type { FoundInput } from "./input.js";

/** A build that is about to be kept. */
export interface Recording {
  readonly command: BuildCommand;
  readonly found: FoundInput;
  readonly session: Session;
  readonly board: Board;
}

/** Does `work` and keeps what the board tells of it, with what it made or why it failed. */
export async function recorded<T extends BuildSummary>(
  recording: Recording,
  work: () => Promise<T>,
): Promise<T & { readonly record: BuildRecorder }> {
  const { board, session } = recording;
  const record = openRecord(recording);
  board.listen(record.take);
  try {
    const made = await work();
    board.summary(record.totals());
    record.finish({ status: "completed", result: resultOf(made) });
    return { ...made, record };
  } catch (error) {
    board.close();
    const text = renderError(error, { color: false, debug: false }).trimEnd();
    record.finish({ status: session.io.signal.aborted ? "canceled" : "error", error: text });
    throw error;
  } finally {
    if (record.failure !== undefined) board.warn(undefined, notWhole(record.failure));
  }
}

/** What a build made, as the history names it. */
export function resultOf({ config, manifest, names }: BuildSummary): BuildResult {
  return { config: config?.digest, manifest: manifest?.digest, names };
}

function openRecord({ command, found, session }: Recording): BuildRecorder {
  const { paths, work } = session.store;
  const header = {
    ...inputOf(command, found),
    work: basename(work),
    flags: flagsOf(command, session),
  };
  return new BuildRecorder({ directory: paths.builds, header, now: Date.now });
}

function inputOf(
  { context, file, target, platforms }: BuildCommand,
  found: FoundInput,
): Pick<BuildHeader, "context" | "dockerfile" | "platforms" | "target"> {
  const local = found.kind === "local" ? found.input : undefined;
  return {
    context: local?.context ?? (context === "-" ? context : credentialsHidden(context)),
    dockerfile: local?.dockerfile ?? credentialsHidden(file ?? (local ? "-" : "Dockerfile")),
    ...(target === undefined ? {} : { target }),
    platforms,
  };
}

/** What a user would want to see again; of secrets and agents only the ids. */
function flagsOf(command: BuildCommand, { io }: Session): BuildHeader["flags"] {
  const { buildArgs, buildContexts, labels, noCache, noCacheFilter, outputs, pull } = command;
  const { provenance, sbom, shmSize, cgroupParent } = command;
  const flags: Record<string, boolean | readonly string[]> = {
    tag: command.tags,
    "build-arg": buildArgs.map(({ name, value = io.env[name] }) => setting(name, value)),
    "build-context": [...buildContexts].map(([name, value]) => setting(name, value)),
    label: [...labels].map(([name, value]) => setting(name, value)),
    "no-cache": noCache,
    "no-cache-filter": noCacheFilter,
    pull,
    network: command.network === "default" ? [] : [command.network],
    "add-host": command.addHosts.map(({ name, ip }) => `${name}=${ip}`),
    "shm-size": shmSize === undefined ? [] : [String(shmSize)],
    ulimit: command.ulimits.map(({ type, soft, hard }) => `${type}=${soft}:${hard}`),
    "cgroup-parent": cgroupParent === undefined ? [] : [cgroupParent],
    reproducible: command.reproducible,
    provenance: provenance === undefined ? [] : [provenanceText(provenance)],
    sbom: sbom === undefined ? [] : [sbomText(sbom)],
    output: outputs.map((output) => outputText(output, io)),
    "cache-from": command.cacheFrom.map(cacheText),
    "cache-to": command.cacheTo.map(({ place }) => cacheText(place)),
    secret: command.secrets.map(({ id }) => id),
    ssh: command.ssh.map(({ id }) => id),
    allow: [...command.allow],
  };
  const given = Object.entries(flags).filter(([, value]) =>
    typeof value === "boolean" ? value : value.length > 0,
  );
  return Object.fromEntries(given);
}

function setting(name: string, value: string | undefined): string {
  if (value === undefined) return name;
  return `${name}=${looksSecret(name) ? MASK : credentialsHidden(value)}`;
}

/** The parameters that are not as they are by themselves. */
function provenanceText(spec: ProvenanceSpec): string {
  const { mode, version, builderId, filename, reproducible, inlineOnly } = spec;
  const others = [
    version === "v1" ? [] : [`version=${version}`],
    builderId === "" ? [] : [`builder-id=${builderId}`],
    filename === "provenance.json" ? [] : [`filename=${filename}`],
    reproducible ? ["reproducible=true"] : [],
    inlineOnly ? ["inline-only=true"] : [],
  ];
  return [`mode=${mode}`, ...others.flat()].join(",");
}

function sbomText({ generator, parameters }: SbomSpec): string {
  const given = [...parameters].map(([name, value]) => setting(name, value));
  return [`generator=${generator}`, ...given].join(",");
}

function cacheText(place: CacheTarget["place"]): string {
  switch (place.type) {
    case "inline":
      return "type=inline";
    case "local":
      return `type=local,path=${place.path}`;
    case "registry":
      return `type=registry,ref=${place.ref}`;
    case "s3":
      return `type=s3,bucket=${place.bucket ?? ""},name=${place.name}`;
    case "gha":
      return `type=gha,scope=${place.scope}`;
  }
}

function outputText(output: BuildCommand["outputs"][number], { cwd }: Io): string {
  const push = output.type === "image" && output.push ? ",push=true" : "";
  const dest = "dest" in output && output.dest !== undefined && output.dest !== "-";
  return `type=${output.type}${push}${dest ? `,dest=${resolve(cwd, output.dest)}` : ""}`;
}
