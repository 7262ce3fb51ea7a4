import { parseGoBoolean } from "../../go-boolean.js";
import { splitCsv } from "./csv.js";
import { badValue } from "./usage-error.js";

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
  /** Of SLSA's own terms for it. */
  readonly version: "v0.2" | "v1";
}

/** What lists the contents of an image, and what it is told (A02). */
export interface SbomSpec {
  /** An image. */
  readonly generator: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What is to be said of an image; undefined is nothing. */
export interface Attestations {
  readonly provenance: ProvenanceSpec | undefined;
  readonly sbom: SbomSpec | undefined;
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
    if (wanted !== undefined) {
      return { type, values: new Map([["disabled", String(!wanted)]]), flag, text };
    }
    if (!text.includes("="))
      throw badValue(flag, text, "want true, false or KEY=VALUE[,KEY=VALUE…]");
    return { type, values: pairsOf(flag, text), flag, text };
  };
}

/** What is asked for: of each type the last flag counts, and the short ones after `--attest`. */
export function attestationsOf(attests: readonly Attest[]): Attestations {
  const last = new Map(attests.map((attest) => [attest.type, attest]));
  const wanted = (type: Attest["type"]): Attest | undefined => {
    const attest = last.get(type);
    return attest === undefined || boolean(attest, "disabled") ? undefined : attest;
  };
  const [provenance, sbom] = [wanted("provenance"), wanted("sbom")];
  return {
    provenance: provenance && provenanceOf(provenance),
    sbom: sbom && sbomOf(sbom),
  };
}

/** Of both types. */
const common = ["disabled", "type"];
const ofProvenance = ["builder-id", "filename", "inline-only", "mode", "reproducible", "version"];
const keys = new Set([...common, ...ofProvenance, "generator"]);

function provenanceOf(attest: Attest): ProvenanceSpec {
  const { values, flag, text } = attest;
  const unknown = [...values.keys()].find((key) => ![...common, ...ofProvenance].includes(key));
  if (unknown !== undefined) throw badValue(flag, text, `no parameter is called "${unknown}"`);
  const version = values.get("version") ?? "v1";
  if (version !== "v1" && version !== "v0.2") throw badValue(flag, text, "version is v1 or v0.2");
  const mode = values.get("mode") ?? "min";
  if (mode !== "min" && mode !== "max") throw badValue(flag, text, "mode is min or max");
  const filename = values.get("filename") ?? "provenance.json";
  if (!/^[^/]+$/.test(filename) || filename.startsWith("."))
    throw badValue(flag, text, `"${filename}" is not a name for a file`);
  return {
    mode,
    builderId: values.get("builder-id") ?? "",
    filename,
    reproducible: boolean(attest, "reproducible"),
    inlineOnly: boolean(attest, "inline-only"),
    version,
  };
}

/** What buildx takes where no other scanner is named. */
const defaultGenerator = "docker/buildkit-syft-scanner:stable-1";

/** All but the scanner itself are parameters for it, each a variable of its own. */
function sbomOf({ values, flag, text }: Attest): SbomSpec {
  const generator = values.get("generator") ?? defaultGenerator;
  if (generator === "") throw badValue(flag, text, "generator names an image");
  const parameters = [...values].filter(([key]) => ![...common, "generator"].includes(key));
  const bad = parameters.find(([key]) => !/^\w+$/.test(key));
  if (bad !== undefined) throw badValue(flag, text, `no parameter is called "${bad[0]}"`);
  return { generator, parameters: new Map(parameters) };
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
      const key = field.slice(0, equals).trim();
      const lower = key.toLowerCase();
      return [keys.has(lower) ? lower : key, field.slice(equals + 1)]; // a scanner's own are the user's
    }),
  );
}
