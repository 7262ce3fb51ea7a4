import { suggest } from "../../suggest.js";
import { badValue } from "./usage-error.js";

/** A resource limit; -1 means unlimited. */
export interface Ulimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

/** The resources of setrlimit(2), in lower case and without RLIMIT_. */
const types = [
  "as",
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
];

/** Reads `nofile=1024:2048`; one number sets both limits. */
export function parseUlimit(text: string): Ulimit {
  const match = /^([^=]*)=([^:]+)(?::(.+))?$/.exec(text);
  if (match === null) throw badValue("--ulimit", text, "want TYPE=SOFT[:HARD]");
  const [, type = "", softText = "", hardText = softText] = match;
  if (!types.includes(type)) throw unknownType(text, type);
  const soft = parseLimit(text, softText);
  const hard = parseLimit(text, hardText);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    throw badValue("--ulimit", text, "the soft limit is above the hard one");
  }
  return { type, soft, hard };
}

function parseLimit(text: string, limit: string): number {
  if (limit === "-1" || limit === "unlimited") return -1;
  if (/^\d{1,15}$/.test(limit)) return Number(limit);
  throw badValue("--ulimit", text, `"${limit}" is not a number`);
}

function unknownType(text: string, type: string): Error {
  const near = suggest(type, types);
  const hint =
    near === undefined ? `the limits are ${types.join(", ")}` : `did you mean "${near}"?`;
  return badValue("--ulimit", text, `no limit is called "${type}"`, hint);
}
