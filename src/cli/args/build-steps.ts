import type { BuildCommand } from "../build-command.js";
import { entitlements, parseAllow } from "./allow.js";
import type { Flags } from "./flags.js";
import { parseHost } from "./host.js";
import { declareLimits } from "./resources.js";
import { parseSecret } from "./secret.js";
import { parseSize } from "./size.js";
import { parseSsh } from "./ssh.js";
import { parseUlimit } from "./ulimit.js";
import { badValue } from "./usage-error.js";
import { parseNetwork, unlessEmpty } from "./words.js";

type Steps = Pick<
  BuildCommand,
  | "addHosts"
  | "allow"
  | "allowDevices"
  | "cgroupParent"
  | "jobs"
  | "network"
  | "resources"
  | "secrets"
  | "shmSize"
  | "ssh"
  | "ulimits"
>;

/** Declares the flags that say what RUN steps may do, and have. */
export function declareSteps(flags: Flags): () => Steps {
  flags.group("RUN steps");
  const network = flags.one("--network <mode>", "default, none or host", unlessEmpty(parseNetwork));
  const addHosts = flags.many(
    "--add-host <name=ip>",
    "add a line to /etc/hosts",
    unlessEmpty(parseHost),
  );
  const shmSize = flags.one("--shm-size <size>", "size of /dev/shm, such as 64m", (text) =>
    text === "0" ? undefined : parseSize("--shm-size", text),
  );
  const ulimits = flags.many("--ulimit <type=soft[:hard]>", "set a resource limit", parseUlimit);
  const resources = declareLimits(flags);
  const cgroupParent = flags.one(
    "--cgroup-parent <path>",
    "parent of the cgroups of RUN steps",
    unlessEmpty(parseCgroup),
  );
  const secrets = flags.many(
    "--secret <id=name,src=file>",
    "secret for RUN --mount=type=secret, from a file, or with env=NAME a variable",
    unlessEmpty(parseSecret),
  );
  const ssh = flags.many(
    "--ssh <default|id=socket|id=key>",
    "agent or keys for RUN --mount=type=ssh",
    unlessEmpty(parseSsh),
  );
  const allow = flags.many(
    "--allow <entitlement>",
    `${entitlements.join(", ")}, or device=NAME[,alias=NAME]`,
    unlessEmpty(parseAllow),
  );
  const jobs = flags.one(
    "--jobs <n>",
    "most steps to run at once (default: one per core)",
    parseJobs,
  );
  return () => {
    const allowed = allow().flat();
    return {
      network: network() ?? "default",
      addHosts: addHosts().flat(),
      shmSize: shmSize(),
      ulimits: ulimits(),
      resources: resources(),
      cgroupParent: cgroupParent(),
      secrets: secrets(),
      ssh: ssh(),
      allow: new Set(allowed.filter((one) => typeof one === "string")),
      allowDevices: allowed.filter((one) => typeof one !== "string"),
      jobs: jobs(),
    };
  };
}

function parseCgroup(text: string): string {
  if (/^\/?[\w.@:-]+(\/[\w.@:-]+)*$/.test(text) && !text.split("/").includes("..")) return text;
  throw badValue("--cgroup-parent", text, "want a path of a cgroup");
}

function parseJobs(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw badValue("--jobs", text, "want a number above 0");
}
