import { parseGoBoolean } from "../../parser/go-boolean.js";
import { splitCsv } from "./csv.js";
import { badValue, unsupported } from "./usage-error.js";

/** What provenance is to tell, and how (A01). */
export interface ProvenanceSpec {
  /** "max" also tells the arguments, the ids of secrets, and the Dockerfile. */
  readonly mode: "max" | "min";
  readonly builderId: string;
  /** Of the file beside a root filesystem. */
  readonly filename: string;
  /** The user says that the build gives the same each time. */
  readonly reproducible: boolean;
  /** Only beside an image, never as a file. */
  readonly inlineOnly: boolean;
}

/** What one flag says about one kind of attestation. */
export interface Attest {
  readonly type: "provenance" | "sbom";
  readonly values: ReadonlyMap<string, string>;
  /** As written, for errors. */
  readonly flag: string;
  readonly text: string;
}

/** Reads `--attest type=…,disabled=…` (F04). */
export function parseAttest(text: string): Attest {
  const values = pairsOf("--attest", text);
  const type = values.get("type");
  if (type !== "provenance" && type !== "sbom") {
    throw badValue("--attest", text, "want type=provenance or type=sbom");
  }
  return { type, values, flag: "--attest", text };
}

/** Reads `--provenance` and `--sbom`: true, false, or parameters (F23). */
export function parseShorthand(type: Attest["type"]): (text: string) => Attest {
  return (text) => {
    const flag = `--${type}`;
    const wanted = parseGoBoolean(text);
    const values =
      wanted === undefined ? pairsOf(flag, text) : new Map([["disabled", String(!wanted)]]);
    return { type, values, flag, text };
  };
}

/** The provenance that is asked for: of each type the last flag counts, and the short ones after `--attest`. */
export function provenanceOf(attests: readonly Attest[]): ProvenanceSpec | undefined {
  const wanted = [...new Map(attests.map((attest) => [attest.type, attest])).values()].filter(
    (attest) => !boolean(attest, "disabled"),
  );
  const sbom = wanted.find(({ type }) => type === "sbom");
  if (sbom !== undefined) {
    const hint = "a scanner such as syft makes one of the image, or of --output type=local";
    throw unsupported(`${sbom.flag} "${sbom.text}"`, hint);
  }
  const [provenance] = wanted;
  return provenance && specOf(provenance);
}

const keys = ["builder-id", "disabled", "filename", "inline-only", "mode", "reproducible", "type"];

function specOf(attest: Attest): ProvenanceSpec {
  const { values, flag, text } = attest;
  const unknown = [...values.keys()].find((key) => ![...keys, "version"].includes(key));
  if (unknown !== undefined) throw badValue(flag, text, `no parameter is called "${unknown}"`);
  const version = values.get("version") ?? "v1";
  if (version !== "v1") throw unsupported(`${flag} with version=${version}`, "version=v1 is");
  const mode = values.get("mode") ?? "min";
  if (mode !== "min" && mode !== "max") throw badValue(flag, text, "mode is min or max");
  const filename = values.get("filename") ?? "provenance.json";
  if (!/^[^/]+$/.test(filename) || filename.startsWith("."))
    throw badValue(flag, text, `"${filename}" is no name for a file`);
  return {
    mode,
    builderId: values.get("builder-id") ?? "",
    filename,
    reproducible: boolean(attest, "reproducible"),
    inlineOnly: boolean(attest, "inline-only"),
  };
}

function boolean({ values, flag, text }: Attest, key: string): boolean {
  const value = values.get(key);
  if (value === undefined) return false;
  const parsed = parseGoBoolean(value);
  if (parsed === undefined) throw badValue(flag, text, `${key} is true or false`);
  return parsed;
}

function pairsOf(flag: string, text: string): ReadonlyMap<string, string> {
  return new Map(
    splitCsv(flag, text).map((field) => {
      const equals = field.indexOf("=");
      if (equals < 1) throw badValue(flag, text, `"${field}" is not KEY=VALUE`);
      return [field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1)];
    }),
  );
}
