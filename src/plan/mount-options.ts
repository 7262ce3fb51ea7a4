import { BuildError, type Span } from "../error.js";
import { parseByteSize } from "../parser/byte-size.js";
import { splitCsv } from "../parser/csv.js";
import { suggest } from "../suggest.js";
import { parseGoBoolean } from "../go-boolean.js";

/** What `--mount` may mount. */
const mountTypes = ["bind", "cache", "tmpfs", "secret", "ssh"] as const;
export type MountType = (typeof mountTypes)[number];

const sharings = ["shared", "private", "locked"] as const;

/** The options of one `--mount` as they were written, each fit for its type. */
export interface MountOptions {
  type: MountType;
  from?: string;
  source?: string;
  target?: string;
  id?: string;
  env?: string;
  readonly?: boolean;
  required?: boolean;
  size?: number;
  sharing?: (typeof sharings)[number];
  mode?: number;
  uid?: number;
  gid?: number;
}

/** A `--mount`, and how to fill in the variables of its values. */
export interface WrittenMount {
  readonly text: string;
  readonly at: Span;
  readonly expand: (value: string) => string;
}

const aliases: Readonly<Record<string, string>> = {
  dst: "target",
  destination: "target",
  src: "source",
  ro: "readonly",
  rw: "readwrite",
};

const keys = "type from source target readonly readwrite id sharing required size mode uid gid env"
  .split(" ")
  .concat(Object.keys(aliases));

/** Reads the comma-separated options of `--mount` (R02). */
export function readMountOptions({ text, at, expand }: WrittenMount): MountOptions {
  const fields = splitCsv(text);
  if (fields === undefined) throw badMount(text, at, "a quote is not closed");
  const reader = new Reader(text, at);
  for (const field of fields) {
    const equals = field.indexOf("=");
    if (equals < 0) reader.switchOn(field);
    else {
      const key = reader.key(field.slice(0, equals), field);
      const value = field.slice(equals + 1);
      reader.set(key, key === "from" ? reader.verbatim(value) : expand(value));
    }
  }
  return reader.finish();
}

/** The `from` of a `--mount`: needed before variables are known, which it may not have. */
export function mountFrom(text: string): string | undefined {
  const from = splitCsv(text)?.findLast((field) => /^from=/i.test(field));
  return from?.slice("from=".length);
}

/** A `--mount` that cannot be understood. */
export function badMount(text: string, at: Span, why: string, hint?: string): BuildError {
  return new BuildError("SYNTAX", `Cannot use --mount=${text}: ${why}`, { at, hint });
}

/** Takes options one after the other: what `size` and `required` mean depends on the type so far. */
class Reader {
  readonly #text: string;
  readonly #at: Span;
  readonly #options: MountOptions = { type: "bind" };

  constructor(text: string, at: Span) {
    this.#text = text;
    this.#at = at;
  }

  /** The canonical name of a key, which may be written in any case. */
  key(written: string, field: string): string {
    const key = written.toLowerCase();
    const known = Object.hasOwn(aliases, key) ? aliases[key] : key;
    if (known !== undefined && keys.includes(known)) return known;
    throw this.#bad(`unexpected key "${written}" in "${field}"`, didYouMean(key, keys));
  }

  verbatim(value: string): string {
    if (!value.includes("$")) return value;
    throw this.#bad(
      `"from=${value}" must not have variables`,
      "name a stage by FROM … AS with an ARG from before the first FROM, and mount from that",
    );
  }

  /** A key without a value. */
  switchOn(field: string): void {
    const key = field.toLowerCase();
    const known = Object.hasOwn(aliases, key) ? aliases[key] : key;
    if (known === "readonly" || known === "readwrite" || known === "required") {
      this.set(known, "true");
    } else if (known !== undefined && keys.includes(known)) {
      throw this.#bad(`"${field}" must have a value: ${field}=…`);
    } else {
      throw this.#bad(`unexpected key "${field}"`, didYouMean(key, keys));
    }
  }

  set(key: string, value: string): void {
    const options = this.#options;
    switch (key) {
      case "type":
        options.type = this.#oneOf("mount type", value, mountTypes);
        break;
      case "from":
      case "source":
      case "target":
      case "id":
      case "env":
        options[key] = value;
        break;
      case "readonly":
        options.readonly = this.#boolean(key, value);
        break;
      case "readwrite":
        options.readonly = !this.#boolean(key, value);
        break;
      case "required":
        this.#onlyFor(key, ["secret", "ssh"]);
        options.required = this.#boolean(key, value);
        break;
      case "size":
        this.#onlyFor(key, ["tmpfs"]);
        options.size = this.#size(value);
        break;
      case "sharing":
        options.sharing = this.#oneOf("sharing", value, sharings);
        break;
      case "mode":
      case "uid":
      case "gid":
        options[key] = this.#number(key, value);
    }
  }

  /** What only the whole can tell. */
  finish(): MountOptions {
    const { type, sharing, from } = this.#options;
    for (const key of ["mode", "uid", "gid"] as const) {
      const set = this.#options[key] !== undefined;
      if (set) this.#onlyFor(key, ["secret", "ssh", "cache"]);
    }
    if (sharing !== undefined) this.#onlyFor("sharing", ["cache"]);
    if (type === "secret") {
      if (from !== undefined) throw this.#bad("a secret is not mounted from anywhere");
      const { id, source, target } = this.#options;
      if (!(id || source || target)) throw this.#bad("want one of id, source and target");
      if (id && source) throw this.#bad("id and source are the same: give one of them");
    }
    return this.#options;
  }

  #onlyFor(key: string, types: readonly MountType[]): void {
    if (types.includes(this.#options.type)) return;
    const wanted = `it is for ${types.join(" and ")} mounts: write type= before it`;
    throw this.#bad(`unexpected key "${key}" for mount type "${this.#options.type}"`, wanted);
  }

  #oneOf<T extends string>(what: string, value: string, choices: readonly T[]): T {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    const hint = didYouMean(value, choices) ?? `use one of ${choices.join(", ")}`;
    throw this.#bad(`unsupported ${what} "${value}"`, hint);
  }

  #boolean(key: string, value: string): boolean {
    const boolean = parseGoBoolean(value);
    if (boolean !== undefined) return boolean;
    throw this.#bad(`invalid value "${value}" for ${key}`, "use true or false");
  }

  #number(key: "mode" | "uid" | "gid", value: string): number {
    const octal = key === "mode";
    const number = (octal ? /^[0-7]{1,12}$/ : /^\d{1,10}$/).test(value)
      ? parseInt(value, octal ? 8 : 10)
      : Infinity;
    if (number <= (octal ? 0o7777 : 0xffffffff)) return number;
    const hint = octal ? "a mode is octal, 0 to 07777" : `a ${key} is a number`;
    throw this.#bad(`invalid value "${value}" for ${key}`, hint);
  }

  #size(value: string): number {
    const bytes = parseByteSize(value);
    if (bytes !== undefined && Number.isSafeInteger(bytes)) return bytes;
    throw this.#bad(`invalid value "${value}" for size`, "such as 64m or 1g");
  }

  #bad(why: string, hint?: string): BuildError {
    return badMount(this.#text, this.#at, why, hint);
  }
}

function didYouMean(word: string, choices: readonly string[]): string | undefined {
  const near = suggest(word, choices);
  return near === undefined ? undefined : `did you mean "${near}"?`;
}
