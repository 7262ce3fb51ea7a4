import { suggest } from "../../suggest.js";
import { splitCsv } from "./csv.js";
import { badValue } from "./usage-error.js";

/** A secret of the command line: which id, and where its value is. */
export interface SecretSpec {
  readonly id: string;
  /** Undefined, as `env`: the variable of that id if there is one, else the file. */
  readonly file: string | undefined;
  readonly env: string | undefined;
}

const keys = ["id", "src", "source", "env", "type"];

/** Reads `id=NAME[,src=FILE][,env=NAME][,type=file|env]` (F28). */
export function parseSecret(text: string): SecretSpec {
  const values = new Map<string, string>();
  for (const field of splitCsv("--secret", text)) {
    const equals = field.indexOf("=");
    const key = field.slice(0, Math.max(0, equals)).toLowerCase();
    if (equals < 0) throw badValue("--secret", text, `"${field}" is not KEY=VALUE`);
    if (!keys.includes(key)) throw unknownKey(text, field.slice(0, equals));
    values.set(key === "source" ? "src" : key, field.slice(equals + 1));
  }
  const { id, src, env, type } = Object.fromEntries(values);
  if (!id) throw badValue("--secret", text, "the id is missing");
  if (type !== undefined && type !== "file" && type !== "env") {
    throw badValue("--secret", text, `the type "${type}" is neither file nor env`);
  }
  // with type=env, what is called the source is a variable
  return type === "env" && !env
    ? { id, file: undefined, env: src || id }
    : { id, file: src || undefined, env: env || undefined };
}

function unknownKey(text: string, key: string): Error {
  const near = suggest(key, keys);
  const hint = near === undefined ? `the keys are ${keys.join(", ")}` : `did you mean "${near}"?`;
  return badValue("--secret", text, `there is no key "${key}"`, hint);
}
